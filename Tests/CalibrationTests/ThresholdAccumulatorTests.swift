import Calibration
import ReproducibleMath
import Testing

@Suite struct ThresholdAccumulatorTests {
  /// Scores with ties, both zeros, infinities and NaN.
  private func mixedScores(count: Int, seed: UInt64) -> [Float] {
    let random = RandomStream(seed: seed, stream: 0)
    return (0..<count).map { index in
      switch random.integer(below: 20, at: UInt64(2 * index)) {
      case 0: .nan
      case 1: .infinity
      case 2: -0.0
      case 3: 0.0
      case 4..<10: Float(random.integer(below: 10, at: UInt64(2 * index + 1)))
      default: 10 * Float(random.uniform(at: UInt64(2 * index + 1)))
      }
    }
  }

  private func accumulated(
    _ scores: [Float], capacity: Int, chunk: Int
  ) -> ThresholdAccumulator {
    var accumulator = ThresholdAccumulator(capacity: capacity)
    for start in stride(from: 0, to: scores.count, by: chunk) {
      withScores(Array(scores[start..<min(start + chunk, scores.count)])) { accumulator.add($0) }
    }
    return accumulator
  }

  @Test(arguments: [0, 1, 2, 3, 50, 999, 5000, 6000])
  func keepsTheLargest(capacity: Int) {
    let scores = mixedScores(count: 5000, seed: 1)
    let sorted = scores.filter { !$0.isNaN }.sorted(by: >)
    for chunk in [1, 7, 256, 5000] {
      let accumulator = accumulated(scores, capacity: capacity, chunk: chunk)
      #expect(accumulator.largest() == Array(sorted.prefix(capacity)))
      #expect(accumulator.scorableCount == sorted.count)
      #expect(accumulator.notScorableCount == scores.count - sorted.count)
    }
  }

  @Test func orderAndPartsMakeNoDifferenceToTheBit() {
    let scores = mixedScores(count: 3000, seed: 2)
    for capacity in [1, 40, 700, 2900] {
      let whole = accumulated(scores, capacity: capacity, chunk: 100)
      let backwards = accumulated(scores.reversed(), capacity: capacity, chunk: 100)
      var parts = accumulated(Array(scores[2000...]), capacity: capacity, chunk: 9)
      parts.merge(accumulated(Array(scores[..<1]), capacity: capacity, chunk: 9))
      parts.merge(accumulated(Array(scores[1..<2000]), capacity: capacity, chunk: 9))
      parts.merge(ThresholdAccumulator(capacity: capacity))
      for other in [backwards, parts] {
        #expect(other.largest().map(\.bitPattern) == whole.largest().map(\.bitPattern))
        #expect(other.scorableCount == whole.scorableCount)
        #expect(other.notScorableCount == whole.notScorableCount)
      }
    }
  }

  @Test func planKeepsWhatThresholdsAndRatesNeedAndNoMore() throws {
    let plan = try CalibrationPlan([
      WorkingPointRequest(parsing: "tight=1e-4"), WorkingPointRequest(parsing: "loose=1e-2"),
    ])
    #expect(plan.accumulator(eventCountMax: 1_000_000).capacity == 125_001)
    let loose = try CalibrationPlan([WorkingPointRequest(parsing: "loose=0.2")])
    #expect(loose.accumulator(eventCountMax: 1_000_000).capacity == 200_001)
    #expect(plan.accumulator(eventCountMax: 5).capacity == 1)
    #expect(plan.accumulator(eventCountMax: 0).capacity == 0)
  }
}
