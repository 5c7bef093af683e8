import Calibration
import ReproducibleMath
import Testing

/// The promises about the true rate, exactly where enumeration allows and in many synthetic
/// repeats elsewhere.
@Suite struct PromiseTests {
  private func plan(
    _ rate: String, _ guarantee: RateGuarantee = .expected
  ) throws -> CalibrationPlan {
    try CalibrationPlan([
      WorkingPointRequest(
        name: "point", targetFPR: #require(FalsePositiveRate(rate)), guarantee: guarantee)
    ])
  }

  private func threshold(_ plan: CalibrationPlan, _ scores: [Float]) throws -> WorkingPoint {
    var accumulator = plan.accumulator(eventCountMax: scores.count)
    withScores(scores) { accumulator.add($0) }
    return try plan.workingPoints(from: accumulator)[0]
  }

  /// All sequences of five calibration scores with values 0, 1, 2: the expectation of the
  /// true rate is a finite sum, however heavily scores are tied.
  @Test(arguments: [
    [1.0 / 3, 1.0 / 3, 1.0 / 3], [0.9, 0.05, 0.05], [0.02, 0.9, 0.08], [0.1, 0.1, 0.8],
    [0.0, 0.5, 0.5],
  ])
  func tiedScoresKeepTheExpectedRate(chances: [Double]) throws {
    for rate in ["0.17", "0.2", "0.34", "0.5", "0.7", "0.9"] {
      let plan = try plan(rate)
      let above = [chances[1] + chances[2], chances[2], 0]
      var expectation = 0.0
      for sequence in 0..<243 {
        let values = [1, 3, 9, 27, 81].map { sequence / $0 % 3 }
        let chance = values.reduce(1) { $0 * chances[$1] }
        let point = try threshold(plan, values.map { Float($0) })
        expectation += chance * above[Int(point.threshold)]
      }
      #expect(expectation <= plan.requests[0].targetFPR.value + 1e-12)
    }
  }

  private struct Repeats {
    var meanRate = 0.0
    var coveredCount = 0
    var keptCount = 0
  }

  /// The true rate above a threshold t of uniform scores is 1 - t.
  private func repeats(
    _ plan: CalibrationPlan, count: Int, of repeatCount: Int, seed: UInt64
  ) throws -> Repeats {
    var result = Repeats()
    for index in 0..<repeatCount {
      let scores = uniformScores(count: count, repeatIndex: index, seed: seed)
      let point = try threshold(plan, scores)
      let trueRate = 1 - Double(point.threshold)
      result.meanRate += trueRate / Double(repeatCount)
      if try #require(point.fprInterval).contains(trueRate) { result.coveredCount += 1 }
      if trueRate <= point.targetFPR.value { result.keptCount += 1 }
    }
    return result
  }

  @Test func intervalsCoverAndTheMeanRateIsKept() throws {
    let result = try repeats(plan("0.0101"), count: 2000, of: 400, seed: 11)
    let region = clopperPearson(successes: result.coveredCount, trials: 400, confidence: 0.9999)
    #expect(region.contains(0.95), "\(result.coveredCount) of 400 intervals cover")
    // Beta(20, 1981): mean 20/2001, standard deviation 0.00222; five standard errors.
    #expect(abs(result.meanRate - 20.0 / 2001) < 5 * 0.00222 / 20)
  }

  @Test func promiseWithConfidenceIsKept() throws {
    let result = try repeats(plan("0.01", .withConfidence), count: 2000, of: 400, seed: 12)
    let region = clopperPearson(successes: result.keptCount, trials: 400, confidence: 0.9999)
    #expect(region.upperBound >= 0.95, "\(result.keptCount) of 400 rates are kept")
    // Exactly: j = 13 of N = 2000, for which P(Binomial(2000, 0.01) >= 13) = 0.9617.
    #expect(region.contains(0.9617))
  }

  /// Scores rounded to tenths: the upper end keeps its confidence, and the mean stays below.
  @Test func tiedScoresKeepTheUpperEnd() throws {
    let plan = try plan("0.15")
    var boundedCount = 0
    var mean = 0.0
    for index in 0..<400 {
      let scores = uniformScores(count: 500, repeatIndex: index, seed: 13)
        .map { ($0 * 10).rounded(.down) }
      let point = try threshold(plan, scores)
      let trueRate = 0.9 - Double(point.threshold) / 10
      mean += trueRate / 400
      if try trueRate <= #require(point.fprInterval).upperBound { boundedCount += 1 }
    }
    #expect(mean <= 0.15)
    #expect(
      clopperPearson(successes: boundedCount, trials: 400, confidence: 0.9999).upperBound
        >= 0.975)
  }
}
