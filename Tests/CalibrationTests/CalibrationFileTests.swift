import Calibration
import DurableFiles
import Testing

@Suite struct CalibrationFileTests {
  /// The example of the format page, with digests written out.
  static let example = """
    {"format": "tamis-calibration/1", "model_sha256": "\(digest)", "schema": "9f2c01aa", "levels": [3, 4, 5], "weights": [0.333, 0.333, 0.333],
     "precision": "exact", "confidence": 0.95, "events": 100000, "runs": [{"name": "...", "sha256": "\(digest)", "run": 42, "events": 100000}],
     "working_points": [{"name": "nominal", "target_fpr": 0.001, "threshold": 931.2249, "rank": 99901, "fpr_interval": [0.00082, 0.00121], "extrapolated": false, "prescale": 1}],
     "reference": {"score_histogram": {}, "features": {}}, "screen": null, "created": "2026-11-23T20:00:00Z", "program": "tamis 0.1.0"}
    """
  static let digest = SHA256Digest(of: "a model").description

  private func decode(_ text: String) throws -> TriggerCalibration {
    var text = text
    return try text.withUTF8 {
      try TriggerCalibration.decode(UnsafeRawBufferPointer($0), file: "c.json")
    }
  }

  private func decode(_ bytes: [UInt8]) throws -> TriggerCalibration {
    try bytes.withUnsafeBytes { try TriggerCalibration.decode($0, file: "c.json") }
  }

  /// A calibration that uses every key.
  static let screen = """
    "screen": {"margin": 0.1, "events": 9, "deviation_mean": 0.001, "excess_max": 0.02,
     "levels_tried": [3], "deviation_standard_deviation": 0.004, "shortfall_max": 0.03}
    """

  @Test(arguments: [
    ("\"margin\": 0.1", "\"margin\": 0.059", "screen.margin"),
    ("\"margin\": 0.1", "\"margin\": 1", "screen.margin"),
    ("\"margin\": 0.1, ", "", "screen"), ("\"events\": 9", "\"events\": 0", "screen.events"),
    ("0.004", "-0.004", "screen.deviation_standard_deviation"),
    ("0.03}", "\"0.03\"}", "screen.shortfall_max"), ("0.03}", "-1}", "screen.shortfall_max"),
  ])
  func namesTheFaultOfAScreen(found: String, replacement: String, place: String) throws {
    let text = Self.example.replacing(
      "\"screen\": null", with: Self.screen.replacing(found, with: replacement))
    let fault = try #require(throws: FileFault.self) { try decode(text) }
    #expect(fault.place == place)
  }

  private static let beyondAllData: [(place: String, number: String)] = [
    "events", "not_scorable", "runs[0].events", "reference.features.events",
    "reference.features.non_finite[0]", "reference.features.mean[0]",
    "reference.features.standard_deviation[0]", "reference.score_histogram.underflow",
  ].flatMap { place in
    let isMoment = place.contains("mean") || place.contains("deviation")
    let numbers = ["-1", "1125899906842625", "9223372036854775807", "9223372036854775808"]
    return (["1e308", "-1e308"] + (isMoment ? [] : numbers)).map { (place, $0) }
  }

  /// Counts that sums cannot bear, and moments that no numbers of float32 have.
  @Test(arguments: beyondAllData)
  func refusesNumbersBeyondAllData(place: String, number: String) throws {
    var text = String(decoding: try Self.full().encoded(), as: UTF8.self)
    let key = place.split(separator: ".").last.map(String.init) ?? ""
    let isFirst = key.hasSuffix("[0]")
    let name = isFirst ? String(key.dropLast(3)) : key
    // The last of the name is the deepest one: the order of the file is fixed.
    let isOuter = !place.contains(".") || place.hasPrefix("runs")
    let found = isOuter && !place.hasPrefix("runs") ? text.ranges(of: "\"\(name)\": ").first : nil
    let section = place.split(separator: ".").dropLast().last.map { "\"\($0)".prefix { $0 != "[" } }
    let start = section.flatMap { text.firstRange(of: $0)?.upperBound } ?? text.startIndex
    let member = try #require(found ?? text[start...].firstRange(of: "\"\(name)\": "))
    let from = isFirst ? text.index(after: member.upperBound) : member.upperBound
    let end = try #require(text[from...].firstIndex { ",]}\n".contains($0) })
    text.replaceSubrange(from..<end, with: number)
    let fault = try #require(throws: FileFault.self) { try decode(text) }
    #expect(fault.place == place)
  }

  static func full() throws -> TriggerCalibration {
    let plan = try CalibrationPlan(
      [
        WorkingPointRequest(parsing: "nominal=1e-3"), WorkingPointRequest(parsing: "rare=1e-5"),
        WorkingPointRequest(parsing: "loose=1e-2"),
      ], allowingExtrapolation: true)
    var scores = uniformScores(count: 20_000, repeatIndex: 0, seed: 31).map { $0 * $0 * 1000 }
    scores[17] = .nan
    var accumulator = plan.accumulator(eventCountMax: scores.count)
    var histogram = ScoreHistogram()
    withScores(scores) {
      accumulator.add($0)
      histogram.add($0)
    }
    var features = FeatureAccumulator(featureCount: 3, names: ["pt", "η \"quoted\"", "empty"])
    withScores([1.5, -2, .nan, 2.5, .infinity, .nan]) { features.add($0) }
    return TriggerCalibration(
      modelSHA256: SHA256Digest(of: "a model"), schema: 0xAA01_2C9F, levels: [3, 4, 5],
      weights: [1.0 / 3, 0.1, 0.25], confidence: 0.95, eventCount: accumulator.scorableCount,
      notScorableCount: accumulator.notScorableCount,
      runs: [
        CalibrationRun(name: "r1", sha256: SHA256Digest(of: "1"), run: 42, eventCount: 19_000),
        CalibrationRun(name: "b.npy", sha256: SHA256Digest(of: "2"), run: nil, eventCount: 1000),
      ], workingPoints: try plan.workingPoints(from: accumulator),
      reference: DriftReference(
        scoreHistogram: histogram, features: features.summary,
        condition: ConditionSummary(eventCount: 7, mean: 35.25, standardDeviation: 0.5)),
      backgroundRates: BackgroundRates(accumulator, histogram: histogram, including: [17, 9999]),
      screen: comparedScreen(exact: [2, 4, 8], screened: [2.0625, 3.75, 8]),
      created: "2026-11-23T20:00:00Z", program: "tamis 0.1.0")
  }

  @Test func readsTheExampleOfTheFormatPage() throws {
    let calibration = try decode(Self.example)
    #expect(calibration.modelSHA256.description == Self.digest)
    #expect(calibration.schema == 0xAA01_2C9F)
    #expect(calibration.levels == [3, 4, 5])
    #expect(calibration.weights == [0.333, 0.333, 0.333])
    #expect(calibration.eventCount == 100_000 && calibration.notScorableCount == 0)
    #expect(calibration.runs.map(\.run) == [42])
    let point = calibration.workingPoints[0]
    #expect(point.name == "nominal" && point.targetFPR.description == "0.001")
    #expect(point.threshold == 931.2249 && point.rank == 99_901 && !point.extrapolated)
    #expect(point.fprInterval == 0.00082...0.00121)
    #expect(point.guarantee == .expected && point.prescale == 1)
    #expect(calibration.reference == DriftReference())
    #expect(try decode(calibration.encoded()) == calibration)
  }

  @Test func everythingReadsBackEqual() throws {
    let calibration = try Self.full()
    #expect(calibration.workingPoints.map(\.extrapolated) == [false, true, false])
    let bytes = calibration.encoded()
    let read = try decode(bytes)
    #expect(read == calibration)
    #expect(read.encoded() == bytes)
    #expect(calibration.notScorableCount == 1)
  }

  @Test func filesFromBeforeKurtosisAndConditionLoad() throws {
    var calibration = try Self.full()
    let text = String(decoding: calibration.encoded(), as: UTF8.self)
    let older = text.split(separator: "\n").filter {
      !$0.contains("\"kurtosis\"") && !$0.contains("\"condition\"")
    }.joined(separator: "\n")
    // The comma before the last member of the section goes with it.
    let read = try decode(older.replacing(/,\n  \},\n  "screen"/, with: "\n  },\n  \"screen\""))
    calibration.reference.condition = nil
    for index in calibration.reference.features?.features.indices ?? 0..<0 {
      calibration.reference.features?.features[index].kurtosis = nil
    }
    #expect(read == calibration && text != older)
  }

  @Test func unknownKeysAreKept() throws {
    let text = Self.example
      .replacing("\"format\"", with: "\"later\": {\"x\": [1.50, null]}, \"format\"")
      .replacing("\"name\": \"nominal\"", with: "\"hint\": 1e400, \"name\": \"nominal\"")
      .replacing("\"run\": 42", with: "\"run\": 42, \"site\": \"Genève\"")
      .replacing("\"score_histogram\"", with: "\"conditions\": [], \"score_histogram\"")
      .replacing("\"screen\": null", with: Self.screen)
    let written = String(decoding: try decode(text).encoded(), as: UTF8.self)
    for kept in [
      "\"later\": {\"x\": [1.50, null]}", "\"hint\": 1e400", "\"site\": \"Genève\"",
      "\"conditions\": []", "\"levels_tried\": [3]",
    ] {
      #expect(written.contains(kept))
    }
    #expect(try decode(written) == decode(text))
  }

  /// (what is replaced, by what, where the fault is)
  @Test(arguments: [
    ("tamis-calibration/1", "tamis-calibration/2", "format"),
    ("\"exact\"", "\"screened\"", "precision"),
    ("\"\(digest)\", \"schema\"", "\"12ab\", \"schema\"", "model_sha256"),
    ("9f2c01aa", "9F2C01AA", "schema"), ("9f2c01aa", "9f2c01a", "schema"),
    ("[3, 4, 5]", "[3, 4, 4]", "levels"), ("[3, 4, 5]", "[]", "levels"),
    ("[3, 4, 5]", "[3, 4, -5]", "levels[2]"), ("[3, 4, 5]", "[3, 4, 5.0]", "levels[2]"),
    ("[0.333, 0.333, 0.333]", "[0.5, 0.5]", "weights"),
    ("[0.333, 0.333, 0.333]", "[0.5, 0.5, 1e39]", "weights[2]"),
    ("[0.333, 0.333, 0.333]", "[0.5, 0.5, -1]", "weights[2]"),
    ("0.95", "1", "confidence"), ("0.95", "\"0.95\"", "confidence"),
    ("\"events\": 100000, \"runs\"", "\"events\": 0, \"runs\"", "events"),
    ("\"run\": 42", "\"run\": 4294967296", "runs[0].run"),
    ("\"nominal\"", "\"Nominal\"", "working_points[0].name"),
    ("\"target_fpr\": 0.001", "\"target_fpr\": 1.0", "working_points[0].target_fpr"),
    ("\"target_fpr\": 0.001", "\"target_fpr\": 0", "working_points[0].target_fpr"),
    ("931.2249", "1e39", "working_points[0].threshold"),
    ("931.2249", "null", "working_points[0].threshold"),
    ("931.2249", "\"nan\"", "working_points[0].threshold"),
    ("99901", "100001", "working_points[0].rank"), ("99901", "0", "working_points[0].rank"),
    ("99901", "null", "working_points[0].extrapolated"),
    ("\"extrapolated\": false", "\"extrapolated\": true", "working_points[0].extrapolated"),
    ("\"extrapolated\": false", "\"extrapolated\": 0", "working_points[0].extrapolated"),
    ("[0.00082, 0.00121]", "[0.00121, 0.00082]", "working_points[0].fpr_interval"),
    ("[0.00082, 0.00121]", "[0.1, 1.1]", "working_points[0].fpr_interval[1]"),
    ("[0.00082, 0.00121]", "null", "working_points[0].fpr_interval"),
    ("\"prescale\": 1", "\"prescale\": 0", "working_points[0].prescale"),
    ("\"prescale\": 1", "\"prescale\": 1, \"guarantee\": \"x\"", "working_points[0].guarantee"),
    ("\"score_histogram\": {}", "\"score_histogram\": []", "reference.score_histogram"),
    ("931.2249", "NaN", "line 3, column 75"), ("\"screen\": null", "\"screen\": nul", nil),
  ])
  func wrongValuesAreRefusedWithTheirPlace(old: String, new: String, place: String?) throws {
    let text = Self.example.replacing(old, with: new)
    #expect(text != Self.example)
    let fault = #expect(throws: FileFault.self) { try decode(text) }
    #expect(fault?.file == "c.json")
    if let place { #expect(fault?.place == place) }
  }

  @Test(arguments: [
    "format", "model_sha256", "schema", "levels", "weights", "precision", "confidence", "runs",
    "working_points", "reference", "created", "program", "name", "target_fpr", "threshold", "rank",
    "fpr_interval", "extrapolated", "prescale", "score_histogram", "features",
  ])
  func missingKeysAreNamed(key: String) throws {
    let fault = #expect(throws: FileFault.self) {
      try decode(Self.example.replacing("\"\(key)\":", with: "\"x-\(key)\":"))
    }
    #expect(fault?.found == "no key \"\(key)\"")
  }

  @Test func workingPointsAreOneToSixteenWithDifferentNames() throws {
    let start = try #require(Self.example.firstRange(of: "{\"name\": \"nominal\"")).lowerBound
    let end = try #require(Self.example.firstRange(of: "\"prescale\": 1}")).upperBound
    let point = String(Self.example[start..<end])
    func text(_ names: [String]) -> String {
      let points = names.map { point.replacing("nominal", with: $0) }
      return Self.example.replacing(point, with: points.joined(separator: ", "))
    }
    let names = (0..<17).map { "p\($0)" }
    #expect(try decode(text(Array(names.prefix(16)))).workingPoints.count == 16)
    #expect(throws: FileFault.self) { try decode(text(names)) }
    #expect(throws: FileFault.self) { try decode(text([])) }
    let fault = #expect(throws: FileFault.self) { try decode(text(["a", "b", "a"])) }
    #expect(fault?.place == "working_points[2].name")
  }

  @Test func everyTruncationIsRefused() throws {
    let bytes = try Self.full().encoded()
    for count in stride(from: 0, to: bytes.count - 2, by: 7) {
      #expect(throws: FileFault.self) { try decode(Array(bytes.prefix(count))) }
    }
  }
}
