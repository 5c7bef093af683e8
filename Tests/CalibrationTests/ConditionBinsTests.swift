import Calibration
import DurableFiles
import Foundation
import ReproducibleMath
import Testing

/// Thresholds by condition: edges, merging, the promise in every bin, and the file.
@Suite struct ConditionBinsTests {
  private var seed: UInt64 {
    ProcessInfo.processInfo.environment["TAMIS_SEED"].flatMap(UInt64.init) ?? 20_261_127
  }

  private func plan(
    _ points: String..., confidence: Bool = false
  ) throws -> CalibrationPlan {
    try CalibrationPlan(
      points.map {
        var request = try WorkingPointRequest(parsing: $0)
        if confidence { request.guarantee = .withConfidence }
        return request
      })
  }

  private func gathered(
    _ scores: [Float], _ conditions: [Float], edges: [Float], plan: CalibrationPlan
  ) -> ConditionedScores {
    var gathered = ConditionedScores(
      edges: edges, capacity: plan.scoresNeededForThresholds(eventCountMax: scores.count))
    withScores(scores) { scores in
      withScores(conditions) { gathered.add(scores, conditions: $0) }
    }
    return gathered
  }

  @Test func edgesAreQuantilesAndAllDifferent() {
    let conditions = (0..<100).map { Float($0) }
    #expect(ConditionedScores.edges(of: conditions.shuffled(), count: 4) == [25, 50, 75])
    #expect(ConditionedScores.edges(of: conditions + [.nan, .infinity], count: 2) == [50])
    #expect(ConditionedScores.edges(of: [Float](repeating: 3, count: 50), count: 8) == [])
    let few = [1, 1, 1, 1, 1, 1, 2, 2, 5, 5].map { Float($0) }
    #expect(ConditionedScores.edges(of: few, count: 5) == [2, 5])
    #expect(ConditionedScores.edges(of: [.nan, -.infinity], count: 5) == [])
    #expect(ConditionedScores.edges(of: conditions, count: .max).count == 63)
    // A negative zero is no other edge than zero.
    #expect(
      ConditionedScores.edges(of: [-1, -1, -0.0, 0, 1, 1], count: 3).map(\.bitPattern)
        == [0, Float(1).bitPattern])
  }

  @Test func everyConditionHasABin() {
    let edges: [Float] = [-1, 0, 7.5]
    let expected: [(Float, Int)] = [
      (-.infinity, 0), (-1.0001, 0), (-1, 1), (-0.0, 2), (0, 2), (7.4999, 2), (7.5, 3),
      (.infinity, 3), (.nan, 4), (-.nan, 4),
    ]
    for (condition, bin) in expected {
      #expect(ConditionBins.bin(of: condition, edges: edges) == bin, "\(condition)")
    }
  }

  @Test func thresholdsAreThoseOfTheBinsScores() throws {
    let plan = try plan("a=0.1", "b=0.02")
    let scores = (0..<3000).map { Float($0) }
    let conditions = (0..<3000).map { $0 % 3 == 2 ? Float.nan : Float($0 % 3) }
    let (found, merged) = try plan.conditionBins(
      of: gathered(scores, conditions, edges: [0.5], plan: plan))
    let bins = try #require(found)
    #expect(merged == 0 && bins.eventCounts == [1000, 1000] && bins.unknownCount == 1000)
    // Of 1,000 scores in a bin the rank from the top is floor(1000 a): 100 and 20.
    #expect(bins.row(ofPoint: 0) == [2700, 2701, 2702] as [Float])
    #expect(bins.row(ofPoint: 1) == [2940, 2941, 2942] as [Float])
    #expect(bins.thresholds[0][0].rank == 901)
    #expect(bins.exceedanceCount(ofPoint: 0) == 300)
    #expect(
      bins.thresholds[1][1].fprInterval == trueRateInterval(rank: 981, of: 1000, confidence: 0.95))
  }

  @Test func shortBinsAreMergedAndFewWithoutAConditionTakeTheHighest() throws {
    let plan = try plan("a=0.01")
    // 60 events below 1, 500 from 1, 90 from 2, 400 from 3; 10 not known.
    let counts = [(Float(0.5), 60), (1.5, 500), (2.5, 90), (3.5, 400), (.nan, 10)]
    let conditions = counts.flatMap { Array(repeating: $0, count: $1) }
    let scores = conditions.indices.map { Float(($0 * 7919) % 1060) }
    let (found, merged) = try plan.conditionBins(
      of: gathered(scores, conditions, edges: [1, 2, 3], plan: plan))
    let bins = try #require(found)
    #expect(merged == 2 && bins.edges == [2] && bins.eventCounts == [560, 490])
    #expect(bins.unknown == nil && bins.unknownCount == 10)
    let row = bins.row(ofPoint: 0)
    let highest = max(row[0], row[1])
    #expect(row[2] == highest)

    let tight = try self.plan("a=0.002")
    let one = try tight.conditionBins(
      of: gathered(scores, conditions, edges: [1, 2, 3], plan: tight))
    #expect(one.bins == nil && one.merged == 3)
  }

  @Test func scoresThatAreNaNOrInfiniteAreTreatedAsEverywhere() throws {
    let plan = try plan("a=0.1")
    let conditions = (0..<200).map { Float($0 % 2) }
    let scores = (0..<200).map { $0 < 20 ? Float.nan : Float($0) }
    let bins = try #require(
      try plan.conditionBins(of: gathered(scores, conditions, edges: [0.5], plan: plan)).bins)
    #expect(bins.eventCounts == [90, 90])
    let infinite = (0..<200).map { $0 < 40 ? Float.infinity : Float($0) }
    #expect(throws: CalibrationError.self) {
      try plan.conditionBins(of: self.gathered(infinite, conditions, edges: [0.5], plan: plan))
    }
  }

  /// Scores that swell with the condition by up to a factor of four. In every bin the mean true rate is
  /// at or below the target and close to it, also with edges from the same events; one threshold for
  /// all is off by factors.
  @Test(arguments: [true, false])
  func thePromiseHoldsInEveryBin(hasQuantiles: Bool) throws {
    let plan = try plan("a=0.02")
    let (count, repeats) = (2000, 150)
    var rates = [[Double]](repeating: [], count: 4)
    var marginal = [0.0, 0.0]
    for index in 0..<repeats {
      let random = RandomStream(seed: seed, stream: UInt64(index))
      // Condition uniform in 0 to 1; score exponential with mean 4^condition.
      let conditions = (0..<count).map { Float(random.uniform(at: UInt64(2 * $0))) }
      func mean(_ condition: Double) -> Double { portableExp(condition * portableLog(4)) }
      let scores = (0..<count).map {
        Float(
          -portableLog(random.uniform(at: UInt64(2 * $0 + 1))) * mean(Double(conditions[$0])))
      }
      let edges =
        hasQuantiles
        ? ConditionedScores.edges(of: conditions, count: 4) : [0.25, 0.5, 0.75]
      let bins = try #require(
        try plan.conditionBins(of: gathered(scores, conditions, edges: edges, plan: plan)).bins)
      let row = bins.row(ofPoint: 0)
      let ends = [0] + bins.edges.map(Double.init) + [1]
      // The true rate in a bin, by the midpoint rule.
      func rate(_ threshold: Float, _ from: Double, _ to: Double) -> Double {
        (0..<200).reduce(0.0) { sum, step in
          let condition = from + (to - from) * (Double(step) + 0.5) / 200
          return sum + portableExp(-Double(threshold) / mean(condition)) / 200
        }
      }
      for bin in 0..<4 { rates[bin].append(rate(row[bin], ends[bin], ends[bin + 1])) }
      var all = plan.accumulator(eventCountMax: count)
      withScores(scores) { all.add($0) }
      let one = try plan.workingPoints(from: all)[0].threshold
      marginal[0] += rate(one, 0, 0.25) / Double(repeats)
      marginal[1] += rate(one, 0.75, 1) / Double(repeats)
    }
    for bin in rates {
      let mean = bin.reduce(0, +) / Double(repeats)
      let spread = bin.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(repeats - 1)
      let error = 5 * (spread / Double(repeats)).squareRoot()
      #expect(mean <= 0.02 + error && mean >= 0.02 * 0.97 - error, "\(mean) +- \(error)")
    }
    #expect(marginal[0] < 0.004 && marginal[1] > 0.04, "\(marginal)")
  }

  private func withBins() throws -> TriggerCalibration {
    var calibration = try CalibrationFileTests.full()
    let plan = try plan("nominal=0.1", "rare=0.05", "loose=0.2")
    let scores = (0..<3000).map { Float(($0 * 7919) % 3001) }
    let conditions = (0..<3000).map { $0 % 5 == 4 ? Float.nan : Float($0 % 5) }
    calibration.conditionBins = try plan.conditionBins(
      of: gathered(scores, conditions, edges: [1, 2.5], plan: plan)
    ).bins
    return calibration
  }

  private func decode(_ bytes: [UInt8]) throws -> TriggerCalibration {
    try bytes.withUnsafeBytes { try TriggerCalibration.decode($0, file: "c.json") }
  }

  @Test func binsReadBackEqual() throws {
    let calibration = try withBins()
    #expect(calibration.conditionBins?.eventCounts == [600, 1200, 600])
    let bytes = calibration.encoded()
    #expect(try decode(bytes) == calibration)
    #expect(try decode(bytes).encoded() == bytes)
    let rows = (0..<3).map { calibration.conditionBins?.row(ofPoint: $0) ?? [] }
    #expect(calibration.loosestThreshold == rows.joined().min())
    #expect(calibration.inspection.contains { $0.contains("3 bins of the condition") })
    #expect(try CalibrationFileTests.full().inspection.allSatisfy { !$0.contains("bins of the") })
  }

  @Test(arguments: [
    ("\"edges\": [", "\"edges\": [9, ", "condition_bins.edges"),
    ("\"edges\": [", "\"edges\": [1e39, ", "condition_bins.edges[0]"),
    ("\"edges\": [", "\"edges\": [0, ", "condition_bins.events"),
    ("\"events\": [", "\"events\": [1, ", "condition_bins.events"),
    ("\"events\": [600", "\"events\": [0", "condition_bins.events[0]"),
    ("\"events\": [600", "\"events\": [5", "condition_bins.working_points[0].bins[0].rank"),
    ("\"events_without\": 600", "\"events_without\": -1", "condition_bins.events_without"),
    (
      "\"events_without\": 600", "\"events_without\": 0",
      "condition_bins.working_points[0].without.rank"
    ),
    ("\"name\": \"nominal\"", "\"name\": \"x\"", "condition_bins.working_points[0].name"),
    ("\"rank\": ", "\"rank\": -", "condition_bins.working_points[0].bins[0].rank"),
    ("\"threshold\": ", "\"threshold\": 1e99, \"t\": ", "condition_bins.working_points[0].bins[0]"),
    ("\"without\": {", "\"without\": null, \"w\": {", "condition_bins.working_points"),
    ("\"bins\": [", "\"bins\": [{}, ", "condition_bins.working_points[0].bins"),
  ])
  func namesTheFaultOfBins(found: String, replacement: String, place: String) throws {
    var text = String(decoding: try withBins().encoded(), as: UTF8.self)
    let start = try #require(text.firstRange(of: "\"condition_bins\":")).lowerBound
    let member = try #require(text[start...].firstRange(of: found), "\(found)")
    text.replaceSubrange(member, with: replacement)
    let fault = try #require(throws: FileFault.self) { try decode(Array(text.utf8)) }
    #expect(fault.place?.hasPrefix(place) == true, "\(fault)")
  }
}
