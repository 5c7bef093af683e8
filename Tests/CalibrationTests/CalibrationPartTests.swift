import Calibration
import DurableFiles
import ReproducibleMath
import Testing

/// Synthetic background: scores, features and screen scores that belong together, in runs.
private struct Background {
  static let featureCount = 3
  static let names = ["pt", "eta", "η \"quoted\""]
  var runs: [[(score: Float, screened: Float, features: [Float], condition: Float)]]

  init(runCount: Int, eventsPerRun: Int, seed: UInt64) {
    let random = RandomStream(seed: seed, stream: 0)
    runs = (0..<runCount).map { run in
      (0..<eventsPerRun).map { event in
        let at = UInt64(10 * (run * eventsPerRun + event))
        let score = Float(1 - portableLog(random.uniform(at: at)))
        let isBroken = event % 211 == 3
        return (
          isBroken ? .nan : score,
          isBroken ? .nan : score * Float(1 + 0.01 * (random.uniform(at: at + 1) - 0.5)),
          (0..<3).map {
            isBroken ? .nan : Float((random.uniform(at: at + 2 + UInt64($0)) - 0.3) * 1e4)
          }, event % 3 == 0 ? .nan : 35 + Float(random.uniform(at: at + 6))
        )
      }
    }
  }

  func part(
    runs chosen: [Int], plan: CalibrationPlan, eventsTotal: Int? = nil,
    bins: ConditionBinRequest? = nil,
    change: (inout CalibrationPart.Basis) throws -> Void = { _ in }
  ) rethrows -> CalibrationPart {
    let count = chosen.reduce(0) { $0 + runs[$1].count }
    var tally = CalibrationTally(
      scoresKept: eventsTotal.map { plan.scoresNeeded(eventCountMax: $0) } ?? count,
      featureCount: Self.featureCount, featureNames: Self.names)
    if plan.hasQuiet {
      tally.quiet = QuietTally(
        scoresKept: eventsTotal.map { plan.lowestScoresNeeded(eventCountMax: $0) } ?? count,
        featureCount: Self.featureCount)
    }
    if bins != nil { tally.conditioned = ConditionedEvents() }
    for index in chosen {
      let events = runs[index]
      withScores(events.map(\.score)) { scores in
        withScores(events.flatMap { [$0.score / 2, $0.score / 3, $0.score / 7] }) {
          tally.quiet?.add(scores, attributions: $0)
        }
        withScores(events.map(\.condition)) { tally.conditioned?.add(scores, conditions: $0) }
      }
      withScores(events.map(\.score)) { scores in
        tally.scores.add(scores)
        tally.histogram.add(scores)
        withScores(events.map(\.screened)) { tally.screen.add(exact: scores, screened: $0) }
      }
      withScores(events.flatMap(\.features)) { tally.features.add($0) }
      withScores(events.map(\.condition)) { tally.conditions.add($0) }
      tally.runs.append(
        CalibrationRun(
          name: "run\(index)", sha256: SHA256Digest(of: "run \(index)"),
          run: index % 4 == 0 ? nil : UInt32(100 - index), eventCount: events.count,
          taintedCount: index % 2))
    }
    var basis = CalibrationPart.Basis(
      modelSHA256: SHA256Digest(of: "a model"), schema: 7, levels: [3, 4], weights: [0.5, 0.25],
      plan: plan, screenMargin: nil, unbiasedPrescale: nil)
    basis.bins = bins
    try change(&basis)
    return CalibrationPart(basis: basis, tally: tally, eventsTotal: eventsTotal)
  }
}

private func plan(
  _ points: String..., quiet: String? = nil, extrapolating: Bool = false
) throws -> CalibrationPlan {
  try CalibrationPlan(
    points.map { try WorkingPointRequest(parsing: $0) }
      + (quiet.map { [try WorkingPointRequest(parsing: $0, side: .low)] } ?? []),
    allowingExtrapolation: extrapolating)
}

private func bytes(_ part: CalibrationPart) throws -> [UInt8] {
  try part.calibration(
    screen: part.tally.screen.calibration(margin: 0.1), created: "2026-11-23T20:00:00Z",
    program: "tamis 0.1.0"
  ).encoded()
}

/// Written and read again, as parts of other machines come.
private func carried(_ part: CalibrationPart, as name: String) throws -> LoadedCalibrationPart {
  let bytes = part.encoded(created: "2026-11-23T20:00:00Z", program: "tamis 0.1.0")
  let read = try bytes.withUnsafeBytes { try CalibrationPart.decode($0, file: name) }
  #expect(read.encoded(created: "2026-11-23T20:00:00Z", program: "tamis 0.1.0") == bytes)
  return LoadedCalibrationPart(part: read, path: name)
}

@Suite struct CalibrationPartTests {
  private let background = Background(runCount: 8, eventsPerRun: 600, seed: 51)

  /// Ten random splits of runs over parts, in random order, with a tail that ranks do not reach.
  @Test(arguments: 0..<10)
  func anySplitGivesTheSinglePassToTheBit(round: Int) throws {
    let random = RandomStream(seed: 52, stream: UInt64(round))
    let plan = try plan("loose=0.02", "rare=1e-4", extrapolating: true)
    var order = Array(0..<8)
    for index in stride(from: 7, to: 0, by: -1) {
      order.swapAt(index, random.integer(below: index + 1, at: UInt64(index)))
    }
    let partCount = 1 + random.integer(below: 8, at: 100)
    var split = [[Int]](repeating: [], count: partCount)
    for (place, run) in order.enumerated() {
      split[random.integer(below: partCount, at: UInt64(200 + place))].append(run)
    }
    let total = round % 2 == 0 ? nil : 8 * 600 + 1000 * round
    let parts = try split.enumerated().map { index, runs in
      try carried(background.part(runs: runs, plan: plan, eventsTotal: total), as: "part\(index)")
    }
    let single = try background.part(runs: Array(0..<8), plan: plan)
    #expect(try bytes(CalibrationPart.merged(parts)) == bytes(single))
    // A merged part is a part: what was merged may be merged again.
    let half = try CalibrationPart.merged(Array(parts.prefix(1 + partCount / 2)))
    let again = [try carried(half, as: "half")] + parts.dropFirst(1 + partCount / 2)
    #expect(try bytes(CalibrationPart.merged(again)) == bytes(single))
    #expect(
      try single.calibration(screen: nil, created: "", program: "").workingPoints[1].extrapolated)
  }

  /// The same with a quiet point, with bins at quantiles, and with bins at given edges.
  @Test(arguments: 0..<12)
  func anySplitGivesQuietPointsAndBinsToTheBit(round: Int) throws {
    let random = RandomStream(seed: 54, stream: UInt64(round))
    let kinds: [(quiet: String?, bins: ConditionBinRequest?)] = [
      ("low=0.01", nil), (nil, .count(5)), (nil, .edges([-3, 35.25, 35.5])),
    ]
    let kind = kinds[round % 3]
    let plan = try plan("loose=0.02", "tight=0.005", quiet: kind.quiet)
    let partCount = 1 + random.integer(below: 8, at: 0)
    var split = [[Int]](repeating: [], count: partCount)
    for run in 0..<8 { split[random.integer(below: partCount, at: UInt64(1 + run))].append(run) }
    let total = round % 2 == 0 ? nil : 8 * 600 + 1000 * round
    let parts = try split.enumerated().map { index, runs in
      try carried(
        background.part(runs: runs, plan: plan, eventsTotal: total, bins: kind.bins),
        as: "part\(index)")
    }
    let single = try background.part(
      runs: Array(0..<8), plan: plan, eventsTotal: 8 * 600, bins: kind.bins)
    #expect(try bytes(CalibrationPart.merged(parts)) == bytes(single))
    let half = try CalibrationPart.merged(Array(parts.prefix(1 + partCount / 2)))
    let again = [try carried(half, as: "half")] + parts.dropFirst(1 + partCount / 2)
    #expect(try bytes(CalibrationPart.merged(again)) == bytes(single))
    let calibration = try single.calibration(screen: nil, created: "", program: "")
    #expect((calibration.quiet != nil) == (kind.quiet != nil))
    // The edge -3 has no events below it.
    #expect(
      calibration.conditionBins?.eventCounts.count
        == (kind.bins == nil ? nil : kind.bins == .count(5) ? 5 : 3))
    #expect(single.inspection[0].hasSuffix("part/2"))
  }

  @Test func tooFewLowScoresAreNamed() throws {
    let plan = try plan("loose=0.02", quiet: "low=0.1")
    let parts = try [
      carried(background.part(runs: [0, 1, 2], plan: plan), as: "whole"),
      carried(background.part(runs: [3, 4], plan: plan, eventsTotal: 1200), as: "short"),
    ]
    let fault = #expect(throws: FileFault.self) { try CalibrationPart.merged(parts) }
    #expect(fault?.file == "short" && fault?.remedy?.contains("--events-total 3000") == true)
  }

  /// A part with bins beside one without, other edges, or a quiet point that is a high one.
  @Test func otherBinsAndSidesAreRefused() throws {
    let high = try plan("loose=0.02", "low=0.1")
    let bins: [ConditionBinRequest?] = [nil, .count(4), .count(5), .edges([35]), .edges([36])]
    for (first, second) in zip(bins, bins.dropFirst()) {
      let parts = try [
        carried(background.part(runs: [0], plan: high, bins: first), as: "a.part"),
        carried(background.part(runs: [1], plan: high, bins: second), as: "b.part"),
      ]
      let fault = #expect(throws: FileFault.self) { try CalibrationPart.merged(parts) }
      #expect(fault?.file == "b.part" && fault?.place == "condition_bins")
    }
    let parts = try [
      carried(background.part(runs: [0], plan: high), as: "a.part"),
      carried(
        background.part(runs: [1], plan: plan("loose=0.02", quiet: "low=0.1")), as: "b.part"),
    ]
    let fault = #expect(throws: FileFault.self) { try CalibrationPart.merged(parts) }
    #expect(fault?.place == "working_points" && fault?.found.contains("quiet") == true)
  }

  /// Content of quiet points and bins that is wrong under a right digest.
  @Test(arguments: [
    ("part/2", "part/1"), ("\"quiet\": {\n    \"kept\": 20", "\"quiet\": {\n    \"kept\": 19"),
    (
      "\"quiet\": {\n    \"kept\": 20,\n    \"events\": 20",
      "\"quiet\": {\n    \"kept\": 20,\n    \"events\": 21"
    ),
    ("\"attribution_sums\": [\"", "\"attribution_sums\": [\"-"),
    ("\"attribution_sums\": [", "\"attribution_sums\": [\"1\", "),
    ("\"side\": \"low\"", "\"side\": \"high\""), ("\"side\": \"low\"", "\"side\": \"left\""),
    ("\"condition_bins\": null", "\"condition_bins\": {\"count\": 4}"),
    ("\"condition_bins\": {\"count\": 4}", "\"condition_bins\": {\"count\": 1}"),
    ("\"condition_bins\": {\"count\": 4}", "\"condition_bins\": {\"edges\": [2, 1]}"),
    ("\"condition_bins\": {\"count\": 4}", "\"condition_bins\": null"),
    ("\"not_scorable\": 0", "\"not_scorable\": 1"),
  ])
  func wrongExtensionsAreRefused(found: String, replacement: String) throws {
    var small = Background(runCount: 1, eventsPerRun: 20, seed: 53)
    small.runs[0][3] = (1, 0.999, [1, 2, 3], 1)
    let hasBins = found.contains("\"count\"")
    let part = try small.part(
      runs: [0], plan: plan("loose=0.1", quiet: hasBins ? nil : "low=0.1"),
      bins: hasBins ? .count(4) : nil)
    let good = part.encoded(created: "now", program: "tamis")
    let bytes = try replaced(good, found, replacement)
    #expect(throws: FileFault.self) {
      _ = try bytes.withUnsafeBytes { try CalibrationPart.decode($0, file: "x") }
    }
  }

  /// A part with other text in its header, and the digest of that.
  private func replaced(_ whole: [UInt8], _ found: String, _ replacement: String) throws -> [UInt8]
  {
    let count = Int(whole[8]) | Int(whole[9]) << 8 | Int(whole[10]) << 16
    let header = String(decoding: whole[16..<16 + count], as: UTF8.self)
    #expect(header.contains(found), "\(found) in \(header)")
    let changed = Array(header.replacing(found, with: replacement, maxReplacements: 1).utf8)
    var bytes = Array(whole[..<8])
    withUnsafeBytes(of: UInt64(changed.count).littleEndian) { bytes.append(contentsOf: $0) }
    bytes += changed + whole[(16 + count)..<(whole.count - 32)]
    return bytes + bytes.withUnsafeBytes { SHA256Digest(of: $0) }.bytes
  }

  @Test func partsKeepNoMoreThanTheTotalNeeds() throws {
    let plan = try plan("loose=0.02")
    let part = try background.part(runs: [0, 1], plan: plan, eventsTotal: 4800)
    // The background rates need an eighth, and one more.
    #expect(part.tally.scores.keptCount == 601 && !part.tally.scores.keepsAll)
  }

  @Test func aPartThatKeptTooFewIsNamed() throws {
    let plan = try plan("loose=0.02")
    let parts = try [
      carried(background.part(runs: [0, 1, 2], plan: plan), as: "whole"),
      carried(background.part(runs: [3, 4], plan: plan, eventsTotal: 1200), as: "short"),
    ]
    let fault = #expect(throws: FileFault.self) { try CalibrationPart.merged(parts) }
    #expect(fault?.file == "short" && fault?.remedy?.contains("--events-total 3000") == true)
  }

  @Test(arguments: [
    "model_sha256", "schema", "levels", "weights", "working_points", "confidence",
    "allow_extrapolation", "screen_margin", "unbiased_prescale",
  ])
  func partsOfOtherCalibrationsAreRefused(place: String) throws {
    let plan = try plan("loose=0.02")
    let requests = plan.requests
    let other = try background.part(runs: [1], plan: plan) { basis in
      switch place {
      case "model_sha256": basis.modelSHA256 = SHA256Digest(of: "another")
      case "schema": basis.schema = 8
      case "levels": basis.levels = [4, 3]
      case "weights": basis.weights[0] = 0.75
      case "working_points":
        basis.plan = try CalibrationPlan([WorkingPointRequest(parsing: "loose=0.03")])
      case "confidence": basis.plan = try CalibrationPlan(requests, confidence: 0.9)
      case "allow_extrapolation":
        basis.plan = try CalibrationPlan(requests, allowingExtrapolation: true)
      case "screen_margin": basis.screenMargin = 0.2
      default: basis.unbiasedPrescale = 100
      }
    }
    let parts = try [
      carried(background.part(runs: [0], plan: plan), as: "a.part"), carried(other, as: "b.part"),
    ]
    let fault = #expect(throws: FileFault.self) { try CalibrationPart.merged(parts) }
    #expect(fault?.file == "b.part" && fault?.place == place)
    #expect(fault?.expected.contains("a.part") == true)
  }

  @Test func theSameEventsTwiceAreRefused() throws {
    let plan = try plan("loose=0.02")
    let parts = try [
      carried(background.part(runs: [0, 1], plan: plan), as: "a.part"),
      carried(background.part(runs: [2, 1], plan: plan), as: "b.part"),
    ]
    let fault = #expect(throws: FileFault.self) { try CalibrationPart.merged(parts) }
    #expect(fault?.file == "b.part" && fault?.expected.contains("a.part") == true)
  }

  @Test func truncationsAndChangedBytesAreRefused() throws {
    let small = Background(runCount: 1, eventsPerRun: 20, seed: 53)
    let whole = try small.part(runs: [0], plan: plan("loose=0.1")).encoded(
      created: "now", program: "tamis")
    func decode(_ bytes: [UInt8]) throws {
      _ = try bytes.withUnsafeBytes { try CalibrationPart.decode($0, file: "x") }
    }
    try decode(whole)
    for index in stride(from: 0, to: whole.count, by: 3) {
      #expect(throws: FileFault.self) { try decode(Array(whole[..<index])) }
      var changed = whole
      changed[index] ^= 0x20
      #expect(throws: FileFault.self) { try decode(changed) }
    }
  }

  /// Content that is wrong under a right digest.
  @Test(arguments: [
    ("\"kept\": 20", "\"kept\": 19"), ("\"kept\": 20", "\"kept\": 21"),
    ("\"not_scorable\": 0", "\"not_scorable\": 1"), ("part/1", "part/2"),
    ("\"guarantee\": \"expected\"", "\"guarantee\": \"none\""), ("\"loose\"", "\"Loose\""),
    ("\"target_fpr\": 0.1", "\"target_fpr\": 1.1"), ("\"lowest\": -", "\"lowest\": "),
    ("\"deviation_sum\": \"", "\"deviation_sum\": \"0"), ("\"count\": 20", "\"count\": 0"),
    ("\"power_sums\": [\"", "\"power_sums\": [\"9"),
    ("\"events_total\": null", "\"events_total\": 0"),
  ])
  func wrongContentIsRefused(found: String, replacement: String) throws {
    var small = Background(runCount: 1, eventsPerRun: 20, seed: 53)
    small.runs[0][3] = (1, 0.999, [1, 2, 3], 1)
    let whole = try small.part(runs: [0], plan: plan("loose=0.1")).encoded(
      created: "now", program: "tamis")
    let bytes = try replaced(whole, found, replacement)
    #expect(throws: FileFault.self) {
      _ = try bytes.withUnsafeBytes { try CalibrationPart.decode($0, file: "x") }
    }
  }
}
