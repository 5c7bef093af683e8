internal import DurableFiles
internal import ReproducibleMath
internal import StrictJSON

extension CalibrationPart {
  /// The value of the key `format`.
  package static let format = "tamis-calibration-part/1"
  /// The value for a part with quiet working points or thresholds by condition.
  static let extendedFormat = "tamis-calibration-part/2"
  /// The first bytes of the file.
  package static let magic = Array("TMSC".utf8)
  static let version: UInt32 = 1
  static let extendedVersion: UInt32 = 2
  /// Whether it has contents that older programs do not know and must refuse.
  var isExtended: Bool { basis.plan.hasQuiet || basis.bins != nil }
  /// Magic, version, and the length of the JSON.
  static let prefixByteCount = 16
  /// The SHA-256 at the end.
  static let digestByteCount = 32

  /// Writes the file, which appears under its name only when whole. An existing one is replaced
  /// only where `replacing` is true.
  package func write(
    to path: String, created: String, program: String, replacing: Bool
  ) throws {
    try ReplacedFile.write(
      encoded(created: created, program: program), to: path, replacing: replacing)
  }

  /// The bytes of the file: prefix, JSON, float32 numbers, and the SHA-256 of all of it. The numbers
  /// are the kept scores from the largest on, those of quiet working points from the lowest on, and
  /// condition and score of every event where there are thresholds by condition.
  package func encoded(created: String, program: String) -> [UInt8] {
    let header = Array(
      (JSONValue.object(json(created: created, program: program)).text + "\n").utf8)
    let scores = tally.scores.largest()
    var bytes = Self.magic
    bytes.reserveCapacity(
      Self.prefixByteCount + header.count + 4 * scores.count + Self.digestByteCount)
    bytes.append(littleEndian: isExtended ? Self.extendedVersion : Self.version)
    bytes.append(littleEndian: UInt64(header.count))
    bytes += header
    for score in scores { bytes.append(littleEndian: score.bitPattern) }
    for turned in tally.quiet?.scores.largest() ?? [] {
      bytes.append(littleEndian: (0 - turned).bitPattern)
    }
    for event in tally.conditioned?.pairs ?? [] {
      bytes.append(littleEndian: event.condition.bitPattern)
      bytes.append(littleEndian: event.score.bitPattern)
    }
    return bytes + bytes.withUnsafeBytes { SHA256Digest(of: $0) }.bytes
  }

  private func json(created: String, program: String) -> JSONObject {
    var object: JSONObject = [
      "format": .string(isExtended ? Self.extendedFormat : Self.format),
      "model_sha256": .string(basis.modelSHA256.description),
      "schema": .string(schemaText(basis.schema)),
      "levels": .array(basis.levels.map(JSONValue.integer)),
      "weights": .array(basis.weights.map(JSONValue.real)),
      "precision": .string(TriggerCalibration.precision),
      "confidence": .real(basis.plan.confidence),
      "allow_extrapolation": .bool(basis.plan.allowsExtrapolation),
      "working_points": .array(basis.plan.requests.map { .object($0.json) }),
      "screen_margin": .optional(basis.screenMargin, JSONValue.real),
      "unbiased_prescale": .optional(basis.unbiasedPrescale, JSONValue.integer),
      "events": .integer(tally.scores.scorableCount),
      "not_scorable": .integer(tally.scores.notScorableCount),
      "kept": .integer(tally.scores.keptCount),
      "events_total": .optional(eventsTotal, JSONValue.integer),
      "runs": .array(tally.runs.map { .object($0.json) }),
      "score_histogram": .object(tally.histogram.json),
      "features": .object(tally.features.json),
      "condition": .object(tally.conditions.moments.json),
      "screen": .object(tally.screen.json),
      "screen_refusal": .optional(screenRefusal, JSONValue.string),
      "created": .string(created),
      "program": .string(program),
    ]
    if isExtended {
      object["quiet"] = .optional(tally.quiet) { .object($0.json) }
      object["condition_bins"] = .optional(basis.bins) { .object($0.json) }
    }
    return object
  }
}

extension QuietTally {
  fileprivate var json: JSONObject {
    [
      "kept": .integer(scores.keptCount), "events": .integer(finiteCount),
      "attribution_sums": .array(attributionSums.map { .string($0.hexadecimal) }),
    ]
  }
}

extension ConditionBinRequest {
  fileprivate var json: JSONObject {
    switch self {
    case .count(let count): ["count": .integer(count)]
    case .edges(let edges): ["edges": .array(edges.map(JSONValue.real))]
    }
  }
}

extension WorkingPointRequest {
  fileprivate var json: JSONObject {
    var object: JSONObject = [
      "name": .string(name), "target_fpr": .number(targetFPR.description),
      "guarantee": .string(guarantee.rawValue), "prescale": .integer(prescale),
    ]
    if side == .low { object["side"] = .string(side.rawValue) }
    return object
  }
}

extension FeatureAccumulator {
  fileprivate var json: JSONObject {
    [
      "events": .integer(eventCount),
      "names": .optional(names) { .array($0.map(JSONValue.string)) },
      "moments": .array(moments.map { .object($0.json) }),
    ]
  }
}

extension FloatMoments {
  fileprivate var json: JSONObject {
    [
      "count": .integer(count),
      "minimum": .optional(range?.lowerBound, JSONValue.real),
      "maximum": .optional(range?.upperBound, JSONValue.real),
      "power_sums": .array(powerSums.map(JSONValue.string)),
    ]
  }
}

extension ScreenAccumulator {
  fileprivate var json: JSONObject {
    [
      "events": .integer(count),
      "deviation_sum": .string(sum.hexadecimal),
      "deviation_square_sum": .string(sumOfSquares.hexadecimal),
      "lowest": .real(lowest),
      "highest": .real(highest),
    ]
  }
}

extension [UInt8] {
  fileprivate mutating func append(littleEndian value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }
}
