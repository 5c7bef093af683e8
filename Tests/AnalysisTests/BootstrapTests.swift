import Analysis
import Calibration
import Testing

private func score(
  _ name: String, kind: EvaluatedScore.Kind = .model, background: [Double], signals: [[Double]],
  judged: Range<Int>? = nil
) -> EvaluatedScore {
  EvaluatedScore(
    name: name, kind: kind, explanation: "", background: background, signals: signals,
    judged: judged)
}

private func study(
  _ scores: [EvaluatedScore], repeats: Int = 400, seed: UInt64 = 1, workers: Int = 1
) throws -> StudyMetrics {
  try StudyMetrics(
    scores: scores, signalNames: scores[0].signals.indices.map { "s\($0)" },
    targets: ["0.1", "0.01"].compactMap { FalsePositiveRate($0) },
    plan: BootstrapPlan(repeats: repeats, seed: seed, workers: workers, confidence: 0.95))
}

@Suite struct BootstrapTests {
  private let background = referenceMetrics[3].background.scores
  private let signal = referenceMetrics[3].signal.scores

  @Test func theIntervalIsAsWideAsDeLongsErrorSays() throws {
    let result = try study([score("m", background: background, signals: [signal])])
    let numbers = result.scores[0].signals[0]
    let interval = try #require(numbers.aurocInterval)
    let error = try #require(numbers.aurocStandardError)
    #expect(interval.contains(numbers.auroc))
    let width = (interval.upperBound - interval.lowerBound) / (2 * 1.96 * error)
    #expect((0.85...1.15).contains(width), "\(width)")
    // A rate's bootstrap interval knows of the threshold too: no narrower than the binomial's,
    // but for chance.
    for (rate, interval) in zip(numbers.rates, numbers.rateIntervals) {
      let interval = try #require(interval)
      #expect(interval.contains(rate.tpr))
      let binomial = rate.tprInterval.upperBound - rate.tprInterval.lowerBound
      #expect(interval.upperBound - interval.lowerBound > 0.8 * binomial)
    }
  }

  @Test func seedDecidesAndThreadsDoNot() throws {
    let scores = [score("m", background: background, signals: [signal, [50, 60, 70]])]
    let one = try study(scores, repeats: 50).scores
    #expect(try study(scores, repeats: 50, workers: 3).scores == one)
    #expect(try study(scores, repeats: 50, seed: 2).scores != one)
  }

  @Test func withoutRepeatsThereIsNoInterval() throws {
    let numbers = try study([score("m", background: background, signals: [signal])], repeats: 0)
      .scores[0].signals[0]
    #expect(numbers.aurocInterval == nil && numbers.rateIntervals.allSatisfy { $0 == nil })
  }

  @Test func separatedSamplesHaveNoSpread() throws {
    let numbers = try study([score("m", background: [1, 2, 3], signals: [[4, 5]])]).scores[0]
      .signals[0]
    #expect(numbers.aurocInterval == 1...1)
  }

  @Test func aModelThatIsTheBaselineDoesNotBeatIt() throws {
    let result = try study([
      score("m", background: background, signals: [signal]),
      score("norm", kind: .baseline, background: background, signals: [signal]),
    ])
    #expect(result.comparisons.count == 1)
    #expect(result.comparisons[0].auroc.verdict == .equal)
    #expect(result.comparisons[0].isBeaten == false)
  }

  @Test func aModelThatKnowsMoreBeatsItAndOneThatKnowsLessDoesNot() throws {
    let better = signal.map { $0 + 20 }
    let scores = [
      score("m", background: background, signals: [better]),
      score("norm", kind: .baseline, background: background, signals: [signal]),
    ]
    #expect(try study(scores).comparisons[0].isBeaten == true)
    let reverse = [
      score("m", background: background, signals: [signal]),
      score("norm", kind: .baseline, background: background, signals: [better]),
    ]
    #expect(try study(reverse).comparisons[0].auroc.verdict == .worse)
  }

  /// A baseline that was fitted on the first events is compared on the others.
  @Test func comparisonsAreOnTheEventsThatBothAreJudgedOn() throws {
    let half = background.count / 2..<background.count
    let result = try study([
      score("m", background: background, signals: [signal]),
      score("norm", kind: .baseline, background: background, signals: [signal], judged: half),
    ])
    let comparison = result.comparisons[0]
    #expect(comparison.auroc.model == comparison.auroc.other)
    #expect(comparison.auroc.verdict == .equal)
    #expect(result.scores[1].backgroundCount == half.count)
    #expect(result.scores[0].backgroundCount == background.count)
  }

  @Test func noEventsAreAnError() {
    #expect(throws: AnalysisError.noEvents(score: "m", sample: "background", given: 0)) {
      try study([score("m", background: [], signals: [[1]])])
    }
    #expect(throws: AnalysisError.noEvents(score: "m", sample: "s0", given: 2)) {
      try study([score("m", background: [1], signals: [[.nan, .nan]])])
    }
  }
}
