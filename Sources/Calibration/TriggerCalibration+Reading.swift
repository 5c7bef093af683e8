public import DurableFiles
internal import NumberText
internal import StrictJSON

/// A calibration with the file that it was read from.
public struct LoadedCalibration: Equatable, Sendable {
  /// The content.
  public let calibration: TriggerCalibration
  /// The SHA-256 of the file. Flagged records carry its first four bytes.
  public let sha256: SHA256Digest
  /// The path as given.
  public let path: String
}

extension TriggerCalibration {
  /// The value of the key `format`.
  public static let format = "tamis-calibration/1"
  /// The value of the key `precision`: scores are float32, to the bit.
  public static let precision = "exact"
  /// More than any calibration needs; a larger file is something else.
  private static let byteCountMax = 16 << 20

  /// Reads a calibration file and checks all of it. Throws a `FileFault` that names the key, or
  /// the system's error where the file cannot be read.
  public static func load(_ path: String) throws -> LoadedCalibration {
    let file = try MappedFile(copying: path)
    // The mapping must outlive the last look at its bytes.
    return try withExtendedLifetime(file) {
      try refuseModel(file.bytes, file: path)
      guard file.bytes.count <= byteCountMax else {
        throw FileFault(
          file: path, found: counted(file.bytes.count, "byte"),
          expected: "a calibration file of at most \(byteCountMax) bytes")
      }
      return LoadedCalibration(
        calibration: try decode(file.bytes, file: path), sha256: SHA256Digest(of: file.bytes),
        path: path)
    }
  }

  /// Names a model in place of a calibration: users most often exchange the two files.
  private static func refuseModel(
    _ bytes: UnsafeRawBufferPointer, file: String
  ) throws(FileFault) {
    // The header of a .safetensors file begins behind its length.
    if bytes.count > 9, bytes[7] == 0, bytes[8] == UInt8(ascii: "{") {
      throw FileFault(
        file: file, found: "a model, a .safetensors file", expected: "a calibration",
        remedy: "exchange the names of model and calibration")
    }
  }

  /// Reads the bytes of a calibration file; `file` names it in faults.
  package static func decode(
    _ bytes: UnsafeRawBufferPointer, file: String
  ) throws(FileFault) -> TriggerCalibration {
    try TriggerCalibration(JSONPlace(parsing: bytes, file: file))
  }

  private init(_ place: JSONPlace) throws(FileFault) {
    try place.expect("format", Self.format)
    try place.expect("precision", Self.precision)
    modelSHA256 = try place.member("model_sha256").sha256()
    schema = try place.member("schema").schema()
    levels = try place.member("levels").levels()
    weights = try place.member("weights").weights(count: levels.count)
    confidence = try place.member("confidence").openUnitInterval()
    eventCount = try place.member("events").eventCount(from: 1)
    notScorableCount = try place.optionalMember("not_scorable")?.eventCount() ?? 0
    runs = try place.member("runs").map(CalibrationRun.init)
    workingPoints = try place.member("working_points").workingPoints(eventCount: eventCount)
    reference = try DriftReference(place.member("reference"))
    let names = workingPoints.map(\.name)
    conditionBins = try place.optionalMember("condition_bins")?.unlessNull {
      (bins) throws(FileFault) in try ConditionBins(bins, names: names)
    }
    let scoreCount = eventCount
    backgroundRates = try place.optionalMember("background_rates")?.unlessNull {
      (rates) throws(FileFault) in try BackgroundRates(rates, eventCount: scoreCount)
    }
    screen = try place.optionalMember("screen").flatMap { (place) throws(FileFault) in
      try ScreenCalibration.read(place)
    }
    created = try place.member("created").string()
    program = try place.member("program").string()
    otherKeys = try place.otherKeys(than: json)
  }
}

extension JSONPlace {
  /// The members that are not in `known`, which a reader keeps as they are.
  func otherKeys(than known: JSONObject) throws(FileFault) -> JSONObject {
    try object().members(except: known.members.map(\.name))
  }

  /// Checks that the member `name` is the string `text`.
  func expect(_ name: String, _ text: String) throws(FileFault) {
    let member = try member(name)
    if member.value != .string(text) { throw member.fault(expected: "the string \"\(text)\"") }
  }

  func sha256() throws(FileFault) -> String {
    let text = try string()
    guard isLowercaseHexadecimal(text, digitCount: 64) else {
      throw fault(expected: "a SHA-256 as 64 hexadecimal digits in lower case")
    }
    return text
  }

  func schema() throws(FileFault) -> UInt32 {
    guard let schema = Calibration.schema(fromText: try string()) else {
      throw fault(expected: "8 hexadecimal digits in lower case")
    }
    return schema
  }

  func levels() throws(FileFault) -> [Int] {
    let levels = try map { (level) throws(FileFault) in try level.integer(in: 0...65535) }
    guard !levels.isEmpty, Set(levels).count == levels.count else {
      throw fault(expected: "at least one level, each once")
    }
    return levels
  }

  func weights(count: Int) throws(FileFault) -> [Float] {
    let weights = try map { (place) throws(FileFault) in
      let weight: Float = try place.real()
      if weight < 0 { throw place.fault(expected: "a weight of at least 0") }
      return weight
    }
    guard weights.count == count else {
      throw fault(found: counted(weights.count, "weight"), expected: "\(count), one a level")
    }
    return weights
  }

  func openUnitInterval() throws(FileFault) -> Double {
    let real: Double = try real()
    guard real > 0 && real < 1 else { throw fault(expected: "a number between 0 and 1") }
    return real
  }
}
