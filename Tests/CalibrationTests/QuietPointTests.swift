import Calibration
import DurableFiles
import Foundation
import ReproducibleMath
import Testing

/// Working points of the low side: thresholds, promise, low scores, mean attributions, and the
/// file.
@Suite struct QuietPointTests {
  private var seed: UInt64 {
    ProcessInfo.processInfo.environment["TAMIS_SEED"].flatMap(UInt64.init) ?? 20_261_128
  }

  private func plan(
    high: String = "high=0.1", low: String, confidence: Bool = false
  ) throws -> CalibrationPlan {
    var requests = [
      try WorkingPointRequest(parsing: high), try WorkingPointRequest(parsing: low, side: .low),
    ]
    if confidence { for index in requests.indices { requests[index].guarantee = .withConfidence } }
    return try CalibrationPlan(requests)
  }

  private func gathered(
    _ plan: CalibrationPlan, _ scores: [Float], keeping: Int? = nil
  ) -> (high: ThresholdAccumulator, quiet: QuietTally) {
    var high = plan.accumulator(eventCountMax: scores.count)
    var quiet = QuietTally(
      scoresKept: keeping ?? plan.lowestScoresNeeded(eventCountMax: scores.count), featureCount: 1)
    withScores(scores) { scores in
      high.add(scores)
      quiet.add(scores, attributions: scores)
    }
    return (high, quiet)
  }

  private func quietPoint(_ plan: CalibrationPlan, _ scores: [Float]) throws -> WorkingPoint {
    let (high, quiet) = gathered(plan, scores)
    return try plan.workingPoints(from: high, quiet: quiet)[1]
  }

  @Test(arguments: [
    // j = floor((N + 1) a), the j-th smallest of 1 ... N.
    (9, "0.1", 1), (10, "0.1", 1), (18, "0.1", 1), (19, "0.1", 2), (999, "0.001", 1),
    (1000, "0.01", 10), (1, "0.5", 1),
  ])
  func theThresholdIsTheScoreOfItsRank(count: Int, rate: String, rank: Int) throws {
    let plan = try plan(high: "high=0.5", low: "low=\(rate)")
    let scores = (1...count).map { Float($0) }.shuffled()
    let point = try quietPoint(plan, scores)
    #expect(point.threshold == Float(rank) && point.rank == rank && point.side == .low)
    #expect(point.rankFromEnd(of: count) == rank)
    #expect(
      point.fprInterval
        == trueRateInterval(rank: count + 1 - rank, of: count, confidence: 0.95))
  }

  /// The mirror image of a high point of the same rate, for any scores.
  @Test func aLowPointIsAHighPointOfTheOppositeScores() throws {
    for (repeatIndex, confidence) in [false, true, false, true].enumerated() {
      let scores = uniformScores(count: 1_000, repeatIndex: repeatIndex, seed: seed)
      let low = try quietPoint(plan(low: "low=0.02", confidence: confidence), scores)
      let turned = try plan(high: "high=0.02", low: "low=0.1", confidence: confidence)
      let (high, quiet) = gathered(turned, scores.map { 2 - $0 })
      let point = try turned.workingPoints(from: high, quiet: quiet)[0]
      #expect(low.rankFromEnd(of: 1000) == point.rankFromEnd(of: 1000))
      #expect(low.fprInterval == point.fprInterval)
      #expect(abs(low.threshold - (2 - point.threshold)) < 1e-6)
    }
  }

  @Test func scoresWithoutARankTakeNoPart() throws {
    let plan = try plan(low: "low=0.1")
    let scores: [Float] = (1...99).map { Float($0) } + [.nan, .nan, .infinity]
    let point = try quietPoint(plan, scores)
    // 100 scores, one of them infinite: rank floor(101 / 10).
    #expect(point.threshold == 10 && point.rank == 10)
  }

  @Test func tooFewOrTiedScoresAreRefused() throws {
    let plan = try plan(low: "low=0.01")
    let few = #expect(throws: CalibrationError.self) {
      try self.quietPoint(plan, (1...98).map { Float($0) })
    }
    #expect(few?.description.contains("99 scorable") == true)
    #expect(few?.description.contains("--allow-extrapolation") == false)
    // Nothing is below 0: dead events in the calibration leave no threshold.
    let dead = [Float](repeating: 0, count: 30) + (1...970).map { Float($0) }
    let empty = #expect(throws: CalibrationError.self) { try self.quietPoint(plan, dead) }
    #expect(empty?.description.contains("above 0") == true)
    // One less than the rank is enough.
    let nearly = [Float](repeating: 0, count: 9) + (1...991).map { Float($0) }
    #expect(try quietPoint(plan, nearly).threshold == 1)
    #expect(throws: CalibrationError.self) {
      let both = try self.plan(high: "high=0.7", low: "low=0.6")
      _ = try self.quietPoint(both, (1...1000).map { Float($0) })
    }
    // They may meet: an event at the threshold fires neither.
    let meeting = try self.plan(high: "high=0.5", low: "low=0.5")
    #expect(try quietPoint(meeting, (1...999).map { Float($0) }).threshold == 500)
  }

  /// All sequences of five calibration scores with values 1, 2, 3: however heavily scores are tied,
  /// the expected rate is at or below the target.
  @Test(arguments: [
    [1.0 / 3, 1.0 / 3, 1.0 / 3], [0.9, 0.05, 0.05], [0.02, 0.9, 0.08], [0.1, 0.1, 0.8],
  ])
  func tiedScoresKeepTheExpectedRate(chances: [Double]) throws {
    for rate in ["0.17", "0.34", "0.5", "0.7"] {
      let plan = try plan(high: "high=0.17", low: "low=\(rate)")
      let below = [0, chances[0], chances[0] + chances[1]]
      var expectation = 0.0
      for sequence in 0..<243 {
        let values = [1, 3, 9, 27, 81].map { sequence / $0 % 3 }
        let chance = values.reduce(1) { $0 * chances[$1] }
        let point = try quietPoint(plan, values.map { Float($0 + 1) })
        expectation += chance * below[Int(point.threshold) - 1]
      }
      #expect(expectation <= plan.requests[1].targetFPR.value + 1e-12)
    }
  }

  /// The true rate below a threshold t of uniform scores is t.
  @Test func thePromiseHoldsInTheMeanAndTheIntervalsCover() throws {
    let plan = try plan(low: "low=0.0101")
    let sure = try self.plan(low: "low=0.01", confidence: true)
    var (mean, covered, kept) = (0.0, 0, 0)
    for index in 0..<400 {
      let scores = uniformScores(count: 2000, repeatIndex: index, seed: seed)
      let point = try quietPoint(plan, scores)
      mean += Double(point.threshold) / 400
      if point.fprInterval?.contains(Double(point.threshold)) == true { covered += 1 }
      if try quietPoint(sure, scores).threshold <= 0.01 { kept += 1 }
    }
    // Beta(20, 1981): mean 20/2001, standard deviation 0.00222; five standard errors.
    #expect(abs(mean - 20.0 / 2001) < 5 * 0.00222 / 20)
    #expect(
      clopperPearson(successes: covered, trials: 400, confidence: 0.9999).contains(0.95),
      "\(covered) of 400 intervals cover")
    #expect(clopperPearson(successes: kept, trials: 400, confidence: 0.9999).contains(0.9617))
  }

  private func calibration(_ scores: [Float], low: String = "low=0.05") throws -> TriggerCalibration
  {
    let plan = try plan(low: low)
    let (high, quiet) = gathered(plan, scores)
    var tally = CalibrationTally(scoresKept: high.capacity, featureCount: 1, featureNames: ["a"])
    tally.scores = high
    tally.quiet = quiet
    withScores(scores) {
      tally.histogram.add($0)
      tally.features.add($0)
    }
    let part = CalibrationPart(
      basis: CalibrationPart.Basis(
        modelSHA256: SHA256Digest(of: "a model"), schema: 1, levels: [3], weights: [1], plan: plan,
        screenMargin: nil, unbiasedPrescale: nil),
      tally: tally)
    return try part.calibration(screen: nil, created: "2026-11-27T00:00:00Z", program: "tamis")
  }

  /// The rate of a low score by counting: (k + 1) / (N + 1) with k scores at most as high, or the
  /// rate of the next entry of the table.
  @Test func lowScoresHaveTheirRate() throws {
    let scores = uniformScores(count: 2_000, repeatIndex: 7, seed: seed).map { $0 + 0.25 }
    let calibration = try calibration(scores + [scores[3], .infinity, .nan])
    let quiet = try #require(calibration.quiet)
    let sorted = (scores + [scores[3]]).sorted()
    for place in stride(from: 0, to: 100, by: 7) {
      for score in [sorted[place], sorted[place].nextDown, sorted[place].nextUp]
      where score < calibration.quietThreshold {
        let count = sorted.count { $0 <= score }
        let found = quiet.field(of: score)
        #expect(found == Float(Double(count + 1) / 2003), "\(place) \(score) \(count)")
        let estimate = try #require(quiet.estimate(of: score, confidence: 0.95))
        #expect(estimate.interval.contains(Double(found)) && !estimate.isExtrapolated)
      }
    }
    #expect(quiet.field(of: 0) == Float(1.0 / 2003) && quiet.field(of: .nan) == 0)
    #expect(quiet.field(of: .infinity) == 1)
    let rates = quiet.entries.map { quiet.field(of: $0.score.nextDown) }
    #expect(rates == rates.sorted())
  }

  @Test func meanAttributionsAreExactAndAddUpInOneOrder() throws {
    let random = RandomStream(seed: seed, stream: 3)
    let width = 37
    let rows = (0..<400).map { row in
      (0..<width).map { Float(random.uniform(at: UInt64(row * width + $0)) * 1e4) }
    }
    func means(_ order: [Int], chunk: Int) throws -> QuietReference {
      let plan = try plan(low: "low=0.1")
      var high = plan.accumulator(eventCountMax: order.count)
      var quiet = QuietTally(scoresKept: 41, featureCount: width)
      for first in stride(from: 0, to: order.count, by: chunk) {
        let part = order[first..<min(first + chunk, order.count)]
        let scores = part.map { $0 == 5 ? Float.infinity : rows[$0].reduce(0, +) }
        withScores(scores) { scores in
          withScores(part.flatMap { rows[$0] }) { quiet.add(scores, attributions: $0) }
          high.add(scores)
        }
      }
      var tally = CalibrationTally(
        scoresKept: high.capacity, featureCount: width, featureNames: nil)
      (tally.scores, tally.quiet) = (high, quiet)
      withScores(Array(repeating: 1, count: width * order.count)) { tally.features.add($0) }
      return try #require(
        CalibrationPart(
          basis: CalibrationPart.Basis(
            modelSHA256: SHA256Digest(of: "m"), schema: 0, levels: [0], weights: [1], plan: plan,
            screenMargin: nil, unbiasedPrescale: nil),
          tally: tally
        ).calibration(screen: nil, created: "", program: "").quiet)
    }
    let whole = try means(Array(0..<400), chunk: 400)
    #expect(try means(Array(0..<400).reversed(), chunk: 3) == whole)
    let expected = (0..<width).map { feature in
      rows.indices.filter { $0 != 5 }.reduce(0.0) { $0 + Double(rows[$1][feature]) } / 399
    }
    #expect(zip(whole.attributionMeans, expected).allSatisfy { abs(Double($0) / $1 - 1) < 1e-7 })
    #expect(abs(Double(whole.meanScore) / expected.reduce(0, +) - 1) < 1e-5)
  }

  private func decode(_ bytes: [UInt8]) throws -> TriggerCalibration {
    try bytes.withUnsafeBytes { try TriggerCalibration.decode($0, file: "quiet.json") }
  }

  @Test func theFileReadsBackEqualAndSaysThatItIsAnother() throws {
    let calibration = try calibration((1...2_000).map { Float($0) })
    let text = String(decoding: calibration.encoded(), as: UTF8.self)
    #expect(text.contains("\"tamis-calibration/2\"") && text.contains("\"side\":"))
    let read = try decode(calibration.encoded())
    #expect(read == calibration && read.encoded() == calibration.encoded())
    #expect(read.quietThreshold == 100 && read.loosestThreshold == 1801)
  }

  @Test func aFileThatCannotBeIsRefused() throws {
    let good = String(
      decoding: try calibration((1...2_000).map { Float($0) }).encoded(), as: UTF8.self)
    let separator = good.contains("\": ") ? ": " : ":"
    let number = good.contains("\"threshold\"\(separator)100.0,") ? "100.0" : "100"
    for (found, put, word) in [
      ("\"tamis-calibration/2\"", "\"tamis-calibration/1\"", "format"),
      ("\"tamis-calibration/2\"", "\"tamis-calibration/3\"", "tamis-calibration/2"),
      ("\"side\"\(separator)\"low\"", "\"side\"\(separator)\"left\"", "side"),
      ("\"side\"\(separator)\"low\"", "\"side\"\(separator)\"high\"", "quiet"),
      ("\"quiet\"", "\"noise\"", "no `quiet`"),
      ("\"attribution_means\"\(separator)[", "\"attribution_means\"\(separator)[-1,", "mean"),
      ("\"attribution_means\"\(separator)[", "\"attribution_means\"\(separator)[1,", "mean"),
      ("\"threshold\"\(separator)\(number),", "\"threshold\"\(separator)0,", "above 0"),
      ("\"threshold\"\(separator)\(number),", "\"threshold\"\(separator)1900,", "beyond"),
    ] {
      let bad = good.replacingOccurrences(of: found, with: put)
      try #require(bad != good, "\(found)")
      let fault = #expect(throws: FileFault.self, "\(put)") {
        try self.decode(Array(bad.utf8))
      }
      #expect(
        fault.map { "\($0)".contains(word) } == true, "\(put): \(fault.map { "\($0)" } ?? "")")
    }
  }

  @Test func aComparisonCountsBelowTheThreshold() throws {
    let old = try calibration((1...2_000).map { Float($0) })
    let scores = (1...2_000).map { Float($0) / 2 }
    let plan = try plan(low: "low=0.05")
    let (high, quiet) = gathered(plan, scores, keeping: scores.count)
    let new = try calibration(scores)
    let comparison = CalibrationComparison(from: old, to: new, scores: high, quiet: quiet)
    let point = try #require(comparison.points.first { $0.name == "low" })
    // 1/2, 1 ... 99.5 are below 100.
    #expect(point.firedOld == 199 && point.firedNew == 99 && point.thresholdRatio == 0.5)
    #expect(point.intervalsOverlap == false)
    #expect(try #require(point.pValue) < 1e-6)
  }
}
