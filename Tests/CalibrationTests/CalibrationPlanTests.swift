import Calibration
import Testing

@Suite struct CalibrationPlanTests {
  private func points(
    _ arguments: [String], scores: [Float], extrapolating: Bool = false
  ) throws -> [WorkingPoint] {
    let plan = try CalibrationPlan(
      arguments.map { try WorkingPointRequest(parsing: $0) },
      allowingExtrapolation: extrapolating)
    var accumulator = plan.accumulator(eventCountMax: scores.count)
    withScores(scores) { accumulator.add($0) }
    return try plan.workingPoints(from: accumulator)
  }

  @Test func thresholdsAreTheRankedScoresInTheOrderAsked() throws {
    let scores = (1...100_000).map { Float($0) }.shuffled()
    let found = try points(["nominal=1e-3", "tight=0.00002", "loose=1e-2"], scores: scores)
    #expect(found.map(\.name) == ["nominal", "tight", "loose"])
    #expect(found.map(\.rank) == [99_901, 99_999, 99_001])
    #expect(found.map(\.threshold) == [99_901, 99_999, 99_001])
    #expect(found.allSatisfy { !$0.extrapolated && $0.prescale == 1 })
    #expect(found[0].fprInterval == trueRateInterval(rank: 99_901, of: 100_000, confidence: 0.95))
  }

  @Test func eventsThatCannotBeScoredHaveNoRank() throws {
    let scores = (1...1000).map { Float($0) }
    let withGaps = scores.flatMap { [$0, .nan] }
    #expect(try points(["a=1e-2"], scores: withGaps) == points(["a=1e-2"], scores: scores))
  }

  @Test func tooFewEventsAreRefusedWithTheNumberNeeded() throws {
    let scores = (1...100_000).map { Float($0) }
    let error = #expect(throws: CalibrationError.self) { try points(["rare=1e-6"], scores: scores) }
    #expect(
      error?.description
        == "working point rare: a false-positive rate of 1e-06 needs at least 999999 scorable "
        + "background events, found 100000; take more background, a higher rate, or fit the tail "
        + "with --allow-extrapolation")
    #expect(try points(["edge=1e-3"], scores: Array(scores.prefix(999)))[0].rank == 999)
    #expect(throws: CalibrationError.self) {
      try points(["edge=1e-3"], scores: Array(scores.prefix(998)))
    }
    #expect(throws: CalibrationError.self) { try points(["none=0.5"], scores: []) }
    #expect(throws: CalibrationError.self) { try points(["none=0.5"], scores: [.nan, .nan]) }
  }

  @Test func infiniteThresholdIsRefused() throws {
    let scores = (1...997).map { Float($0) } + [.infinity, .infinity]
    #expect(try points(["a=0.01"], scores: scores)[0].threshold == 990)
    let error = #expect(throws: CalibrationError.self) {
      try points(["a=0.001"], scores: scores)
    }
    #expect(error == .infiniteThreshold(workingPoint: "a", infiniteCount: 2, eventCount: 999))
  }

  @Test func promiseWithConfidenceTakesAHigherRank() throws {
    let scores = (1...10_000).map { Float($0) }
    let request = try WorkingPointRequest(
      name: "sure", targetFPR: #require(FalsePositiveRate("1e-2")), guarantee: .withConfidence)
    let plan = try CalibrationPlan([request], confidence: 0.95)
    var accumulator = plan.accumulator(eventCountMax: scores.count)
    withScores(scores) { accumulator.add($0) }
    let point = try plan.workingPoints(from: accumulator)[0]
    #expect(point.rank == 10_001 - 84)
    #expect(point.guarantee == .withConfidence)

    let fewPlan = try CalibrationPlan([request], confidence: 0.99)
    var few = fewPlan.accumulator(eventCountMax: 458)
    withScores(Array(scores.prefix(458))) { few.add($0) }
    #expect(
      throws: CalibrationError.tooFewEvents(
        workingPoint: "sure", rate: request.targetFPR, guarantee: .withConfidence, found: 458,
        needed: 459)
    ) { try fewPlan.workingPoints(from: few) }
  }

  @Test(arguments: [
    "nominal", "nominal=", "=0.1", "Nominal=0.1", "a b=0.1", "a=0.1=0.2", "a=1", "a=0", "a=x",
    "a=1e-16", "é=0.1",
  ])
  func argumentsThatAreNoWorkingPointsAreRefused(argument: String) {
    let error = #expect(throws: CalibrationError.self) {
      try WorkingPointRequest(parsing: argument)
    }
    #expect(error?.description.contains("expected") == true)
  }

  @Test func plansAreChecked() throws {
    let many = try (0...16).map { try WorkingPointRequest(parsing: "p\($0)=0.1") }
    #expect(throws: CalibrationError.self) { try CalibrationPlan(many) }
    #expect(throws: CalibrationError.self) { try CalibrationPlan([]) }
    #expect(throws: CalibrationError.self) { try CalibrationPlan([many[0], many[1], many[0]]) }
    for confidence in [0, 1, -1, 2, Double.nan] {
      #expect(throws: CalibrationError.self) { try CalibrationPlan(many, confidence: confidence) }
    }
    #expect(try CalibrationPlan(Array(many.prefix(16))).requests.count == 16)
  }

  @Test func prescalesGoToTheirWorkingPoints() throws {
    var requests = try ["a=0.1", "b=0.2"].map { try WorkingPointRequest(parsing: $0) }
    try WorkingPointRequest.applyPrescales(["b=100"], to: &requests)
    #expect(requests.map(\.prescale) == [1, 100])
    for wrong in [["c=1"], ["a=0"], ["a=1.5"], ["a"], ["a=4294967296"], ["a=1", "a=2"]] {
      #expect(throws: CalibrationError.self) {
        try WorkingPointRequest.applyPrescales(wrong, to: &requests)
      }
    }
  }
}
