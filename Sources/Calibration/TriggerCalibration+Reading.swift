package import DurableFiles
internal import NumberText
internal import StrictJSON

/// A calibration with the file that it was read from.
package struct LoadedCalibration: Equatable, Sendable {
  /// The content.
  package let calibration: TriggerCalibration
  /// The SHA-256 of the file. Flagged records carry its first four bytes.
  package let sha256: SHA256Digest
  /// The path as given.
  package let path: String
}

extension TriggerCalibration {
  /// The value of the key `format` where all working points are of the high side.
  package static let format = "tamis-calibration/1"
  /// The value with a working point of the low side. An older program would take that point for a very
  /// loose one, and refuses the file by its format.
  static let quietFormat = "tamis-calibration/2"
  /// The value of the key `precision`: scores are float32, to the bit.
  package static let precision = "exact"
  /// More than any calibration needs; a larger file is none.
  private static let byteCountMax = 16 << 20
  /// Large enough to read a model that was given in its place, and name it as one.
  private static let readByteCountMax = 1 << 30

  /// Whether the file `path` is JSON, as a calibration is. Any name may be one's.
  package static func recognises(_ path: String) throws -> Bool {
    let file = try MappedFile(path)
    return withExtendedLifetime(file) {
      file.bytes.prefix(1_024).first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } == UInt8(ascii: "{")
    }
  }

  /// Reads a calibration file and checks all of it. Throws a `FileFault` that names the key, or
  /// the system's error where the file cannot be read.
  package static func load(_ path: String) throws -> LoadedCalibration {
    let file = try MappedFile(copying: path, byteCountMax: readByteCountMax)
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

  /// Names a model in place of a calibration: the two files are often exchanged.
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
    let mayBeQuiet = try place.member("format").mayHaveQuietPoints()
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
    quiet = try place.optionalMember("quiet")?.unlessNull { (quiet) throws(FileFault) in
      try QuietReference(quiet, eventCount: scoreCount)
    }
    created = try place.member("created").string()
    program = try place.member("program").string()
    otherKeys = try place.otherKeys(than: json)
    try checkQuiet(place, isAllowed: mayBeQuiet)
  }

  /// Checks what points of the low side need.
  private func checkQuiet(_ place: JSONPlace, isAllowed: Bool) throws(FileFault) {
    let points = try place.member("working_points")
    guard workingPoints.contains(where: { $0.side == .low }) else {
      if quiet != nil {
        throw try place.member("quiet").fault(
          found: "the low scores", expected: "a working point with the side \"low\"")
      }
      guard !isAllowed else {
        throw try place.member("format").fault(
          expected: "\"\(Self.format)\", as no working point has the side \"low\"")
      }
      return
    }
    guard isAllowed else {
      throw try place.member("format").fault(
        expected: "\"\(Self.quietFormat)\", as a working point has the side \"low\"")
    }
    guard workingPoints.contains(where: { $0.side == .high }) else {
      throw points.fault(
        found: "working points of the low side alone", expected: "one of the high side")
    }
    guard quietThreshold <= loosestThreshold else {
      throw points.fault(
        found: "the quiet threshold \(quietThreshold) above the threshold \(loosestThreshold)",
        expected: "thresholds that no event can be beyond on both sides")
    }
    guard let quiet else {
      throw place.fault(
        found: "no `quiet`", expected: "the low scores that a working point of the low side needs")
    }
    guard conditionBins == nil else {
      throw try place.member("condition_bins").fault(
        found: "thresholds by condition", expected: "none beside a working point of the low side")
    }
    let featureCount = reference.features?.features.count
    guard featureCount == nil || featureCount == quiet.attributionMeans.count else {
      throw try place.member("quiet").member("attribution_means").fault(
        found: counted(quiet.attributionMeans.count, "mean"), expected: "one a feature")
    }
    if let screen, screen.margin < screen.marginMin(isQuiet: true) {
      throw try place.member("screen").member("margin").fault(
        expected: "at least \(ScreenCalibration.safetyFactor) times excess_max, which is "
          + "\(screen.excessMax), for a working point of the low side",
        remedy: "calibrate again, with --screen-margin or without")
    }
  }
}

extension JSONPlace {
  /// Whether the format is the one of files with working points of the low side.
  func mayHaveQuietPoints() throws(FileFault) -> Bool {
    switch value {
    case .string(TriggerCalibration.format): return false
    case .string(TriggerCalibration.quietFormat): return true
    default:
      throw fault(
        expected: "the string \"\(TriggerCalibration.format)\" or "
          + "\"\(TriggerCalibration.quietFormat)\"")
    }
  }

  /// The members that are not in `known`, which a reader keeps as they are.
  func otherKeys(than known: JSONObject) throws(FileFault) -> JSONObject {
    try object().members(except: known.members.map(\.name))
  }

  /// Checks that the member `name` is the string `text`.
  func expect(_ name: String, _ text: String) throws(FileFault) {
    let member = try member(name)
    if member.value != .string(text) { throw member.fault(expected: "the string \"\(text)\"") }
  }

  func sha256() throws(FileFault) -> SHA256Digest {
    guard let digest = SHA256Digest(hexadecimal: try string()) else {
      throw fault(expected: "a SHA-256 as 64 hexadecimal digits in lower case")
    }
    return digest
  }

  func schema() throws(FileFault) -> UInt32 {
    guard let schema = DurableFiles.schema(fromText: try string()) else {
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

extension CalibrationRun {
  init(_ place: JSONPlace) throws(FileFault) {
    self.init(
      name: try place.member("name").string(), sha256: try place.member("sha256").sha256(),
      run: try place.member("run").unlessNull { (run) throws(FileFault) in
        try run.integer(in: 0...UInt32.max)
      },
      eventCount: try place.member("events").eventCount(),
      unbiasedPrescale: try place.optionalMember("unbiased_prescale")?
        .integer(in: 1...UInt32.max),
      taintedCount: try place.optionalMember("tainted")?.eventCount() ?? 0)
    otherKeys = try place.otherKeys(than: json)
  }
}
