import Calibration
import ReproducibleMath
import Testing

@Suite struct TailExtrapolationTests {
  /// Exponential scores: the true rate above t is exp(-t).
  private func point(
    rate: String, count: Int, repeatIndex: Int, _ transform: (Double) -> Float
  ) throws -> WorkingPoint {
    let plan = try CalibrationPlan(
      [WorkingPointRequest(parsing: "rare=\(rate)")], allowingExtrapolation: true)
    var accumulator = plan.accumulator(eventCountMax: count)
    let random = RandomStream(seed: 21, stream: UInt64(repeatIndex))
    let scores = (0..<count).map { transform(random.uniform(at: UInt64($0))) }
    withScores(scores) { accumulator.add($0) }
    return try plan.workingPoints(from: accumulator)[0]
  }

  private func exponential(_ uniform: Double) -> Float { Float(-portableLog(uniform)) }

  @Test func intervalsOfAnExponentialTailCover() throws {
    var coveredCount = 0
    var exceededCount = 0
    for index in 0..<40 {
      let point = try point(rate: "2e-5", count: 10_000, repeatIndex: index, exponential)
      #expect(point.extrapolated && point.rank == nil && point.guarantee == .noPromise)
      let trueRate = portableExp(-Double(point.threshold))
      let interval = try #require(point.fprInterval)
      if interval.contains(trueRate) { coveredCount += 1 }
      if trueRate > interval.upperBound { exceededCount += 1 }
    }
    // The bootstrap's coverage is only near 0.95.
    #expect(coveredCount >= 32, "\(coveredCount) of 40 intervals cover")
    #expect(exceededCount <= 3, "\(exceededCount) of 40 true rates lie above")
  }

  @Test(arguments: [.leastNonzeroMagnitude, 1e-9, 1 - 1e-16] as [Double])
  func anyConfidenceHasAnInterval(confidence: Double) throws {
    let plan = try CalibrationPlan(
      [WorkingPointRequest(parsing: "rare=2e-5")], confidence: confidence,
      allowingExtrapolation: true)
    var accumulator = plan.accumulator(eventCountMax: 10_000)
    let random = RandomStream(seed: 21, stream: 1)
    withScores((0..<10_000).map { exponential(random.uniform(at: UInt64($0))) }) {
      accumulator.add($0)
    }
    let interval = try #require(try plan.workingPoints(from: accumulator)[0].fprInterval)
    #expect(interval.lowerBound >= 0 && interval.upperBound <= 1)
  }

  @Test func theFitIsNearTheTruthAndRepeatsItself() throws {
    let first = try point(rate: "1e-6", count: 100_000, repeatIndex: 0, exponential)
    let tail = try #require(first.tail)
    #expect(abs(tail.shape) < 0.3 && abs(tail.scale - 1) < 0.3)
    #expect(tail.excessCount == 316)
    #expect(try first == point(rate: "1e-6", count: 100_000, repeatIndex: 0, exponential))
    // A bounded tail has a negative shape: uniform scores have -1.
    let bounded = try point(rate: "1e-6", count: 100_000, repeatIndex: 0) { Float($0) }
    #expect(try #require(bounded.tail).shape < -0.7)
    #expect(bounded.threshold >= 0.9999 && bounded.threshold < 1.0001)
  }

  @Test func ratesThatRanksReachAreNotExtrapolated() throws {
    let found = try point(rate: "1e-2", count: 10_000, repeatIndex: 0, exponential)
    #expect(!found.extrapolated && found.tail == nil)
  }

  @Test func tailsThatSayTooLittleAreRefused() {
    func refusal(
      _ rate: String, _ count: Int, _ transform: (Double) -> Float
    ) -> String {
      let error = #expect(throws: CalibrationError.self) {
        try point(rate: rate, count: count, repeatIndex: 0, transform)
      }
      return error?.description ?? ""
    }
    #expect(refusal("1e-3", 499, exponential).contains("at least 500 scorable"))
    #expect(refusal("1e-9", 10_000, exponential).contains("reach"))
    #expect(refusal("1e-5", 10_000) { _ in 7 }.contains("all equal"))
    #expect(refusal("1e-5", 10_000) { Float(1 / $0) }.contains("too heavy"))
    #expect(refusal("1e-5", 10_000) { $0 < 1e-3 ? .infinity : 1 }.contains("infinite"))
  }
}
