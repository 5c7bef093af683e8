package import Calibration

/// All numbers on how well scores tell signals from background.
package struct StudyMetrics: Sendable {
  /// One a score, in the order given.
  package let scores: [ScoreEvaluation]
  /// Each model against each baseline and variable, signal by signal.
  package let comparisons: [Comparison]

  /// Computes all.
  ///
  /// - Parameters:
  ///   - scores: all of the same events.
  ///   - targets: false-positive rates at which to read true-positive rates.
  ///   - plan: how to resample.
  /// - Throws: `AnalysisError` where a score has no background or no signal event to be judged on.
  package init(
    scores: [EvaluatedScore], signalNames: [String], targets: [FalsePositiveRate],
    plan: BootstrapPlan
  ) throws(AnalysisError) {
    for score in scores { try Self.checkNotEmpty(score, signalNames: signalNames) }
    let pairs = Self.pairs(among: scores)
    // A model is compared on those events that the other score may be judged on.
    let restricted = pairs.map { pair in
      scores[pair.model].restricted(to: scores[pair.other].judged)
    }
    let bootstrap = Bootstrap(scores: scores + restricted, targets: targets, plan: plan)
    self.scores = scores.enumerated().map { index, score in
      Self.evaluate(score, index: index, targets: targets, bootstrap: bootstrap, plan: plan)
    }
    comparisons = pairs.enumerated().flatMap { index, pair in
      signalNames.indices.map { signal in
        Self.compare(
          restricted[index], at: scores.count + index, with: scores[pair.other], at: pair.other,
          signal: signal, targets: targets, bootstrap: bootstrap, plan: plan)
      }
    }
  }

  private static func checkNotEmpty(
    _ score: EvaluatedScore, signalNames: [String]
  ) throws(AnalysisError) {
    if score.background[score.judged].allSatisfy(\.isNaN) {
      throw .noEvents(score: score.name, sample: "background", given: score.judged.count)
    }
    for (signal, name) in zip(score.signals, signalNames) where signal.allSatisfy(\.isNaN) {
      throw .noEvents(score: score.name, sample: name, given: signal.count)
    }
  }

  private static func pairs(among scores: [EvaluatedScore]) -> [(model: Int, other: Int)] {
    scores.indices.filter { scores[$0].kind == .model }.flatMap { model in
      scores.indices.filter { scores[$0].kind != .model }.map { (model, $0) }
    }
  }

  private static func evaluate(
    _ score: EvaluatedScore, index: Int, targets: [FalsePositiveRate], bootstrap: Bootstrap,
    plan: BootstrapPlan
  ) -> ScoreEvaluation {
    let background = score.backgroundSample
    let signals = score.signals.enumerated().map { signal, values in
      evaluate(
        ScoreSample(values), background: background,
        address: Bootstrap.Address(score: index, signal: signal), targets: targets,
        bootstrap: bootstrap, plan: plan)
    }
    return ScoreEvaluation(
      name: score.name, kind: score.kind, explanation: score.explanation, judged: score.judged,
      backgroundCount: background.count, notScorableCount: background.notScorableCount,
      signals: signals)
  }

  private static func evaluate(
    _ signal: ScoreSample, background: ScoreSample, address: Bootstrap.Address,
    targets: [FalsePositiveRate], bootstrap: Bootstrap, plan: BootstrapPlan
  ) -> SignalEvaluation {
    let curve = ROCCurve(background: background, signal: signal)
    return SignalEvaluation(
      signalCount: signal.count, notScorableCount: signal.notScorableCount, auroc: curve.area,
      aurocInterval: bootstrap.interval(of: address, confidence: plan.confidence),
      aurocStandardError: deLongStandardError(background: background, signal: signal),
      averagePrecision: curve.averagePrecision,
      chancePrecision: Double(signal.count) / Double(signal.count + background.count),
      rates: targets.map {
        RateAtFPR(target: $0, background: background, signal: signal, confidence: plan.confidence)
      },
      rateIntervals: targets.indices.map { target in
        var address = address
        address.target = target
        return bootstrap.interval(of: address, confidence: plan.confidence)
      }, curve: curve.thinned())
  }

  private static func compare(
    _ model: EvaluatedScore, at modelIndex: Int, with other: EvaluatedScore, at otherIndex: Int,
    signal: Int, targets: [FalsePositiveRate], bootstrap: Bootstrap, plan: BootstrapPlan
  ) -> Comparison {
    let backgrounds = (model.backgroundSample, other.backgroundSample)
    let signals = (ScoreSample(model.signals[signal]), ScoreSample(other.signals[signal]))
    func difference(
      target: Int?, _ number: (ScoreSample, ScoreSample) -> Double
    ) -> Comparison.Difference {
      Comparison.Difference(
        model: number(backgrounds.0, signals.0), other: number(backgrounds.1, signals.1),
        interval: bootstrap.interval(
          of: Bootstrap.Address(score: modelIndex, signal: signal, target: target),
          minus: Bootstrap.Address(score: otherIndex, signal: signal, target: target),
          confidence: plan.confidence))
    }
    let count = min(backgrounds.0.count, backgrounds.1.count)
    let lowest = targets.indices.filter {
      RateAtFPR.isMeasurable(targets[$0], backgroundCount: count)
    }.min { targets[$0] < targets[$1] }
    return Comparison(
      model: model.name, other: other.name, signal: signal,
      auroc: difference(target: nil) { ROCCurve(background: $0, signal: $1).area },
      rate: lowest.map { lowest in
        difference(target: lowest) {
          RateAtFPR(
            target: targets[lowest], background: $0, signal: $1, confidence: plan.confidence
          ).tpr
        }
      }, rateTarget: lowest.map { targets[$0] })
  }
}
