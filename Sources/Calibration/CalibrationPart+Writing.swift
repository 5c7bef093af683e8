internal import DurableFiles
internal import ReproducibleMath
internal import StrictJSON

extension CalibrationPart {
  /// What the key `format` says.
  public static let format = "tamis-calibration-part/1"
  /// The first bytes of the file.
  package static let magic = Array("TMSC".utf8)
  static let version: UInt32 = 1
  /// Magic, version, and the length of the JSON.
  static let prefixByteCount = 16
  /// The SHA-256 at the end.
  static let digestByteCount = 32

  /// Writes the file, which appears under its name only when whole. An existing one is replaced
  /// only where `replacing` is true.
  public func write(
    to path: String, created: String, program: String, replacing: Bool
  ) throws {
    try ReplacedFile.write(
      encoded(created: created, program: program), to: path, replacing: replacing)
  }

  /// The bytes of the file: prefix, JSON, the kept scores from the largest on as float32, and the
  /// SHA-256 of all of it.
  public func encoded(created: String, program: String) -> [UInt8] {
    let header = Array(
      (JSONValue.object(json(created: created, program: program)).text + "\n").utf8)
    let scores = tally.scores.largest()
    var bytes = Self.magic
    bytes.reserveCapacity(
      Self.prefixByteCount + header.count + 4 * scores.count + Self.digestByteCount)
    bytes.append(littleEndian: Self.version)
    bytes.append(littleEndian: UInt64(header.count))
    bytes += header
    for score in scores { bytes.append(littleEndian: score.bitPattern) }
    return bytes + bytes.withUnsafeBytes { SHA256Digest(of: $0) }.bytes
  }

  private func json(created: String, program: String) -> JSONObject {
    [
      "format": .string(Self.format),
      "model_sha256": .string(basis.modelSHA256),
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
  }
}

extension WorkingPointRequest {
  fileprivate var json: JSONObject {
    [
      "name": .string(name), "target_fpr": .number(targetFPR.description),
      "guarantee": .string(guarantee.rawValue), "prescale": .integer(prescale),
    ]
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
