package import DurableFiles
internal import NumberText
internal import ReproducibleMath
internal import StrictJSON

extension CalibrationPart {
  /// Whether the file at `path` begins as a part does.
  package static func recognises(_ path: String) throws -> Bool {
    try MappedFile(path).begins(with: magic)
  }

  /// Reads a part and checks all of it. Throws a `FileFault` that names the place, or the system's
  /// error where the file cannot be read.
  package static func load(_ path: String) throws -> LoadedCalibrationPart {
    let file = try MappedFile(copying: path)
    // The mapping must outlive the last look at its bytes.
    return try withExtendedLifetime(file) {
      LoadedCalibrationPart(part: try decode(file.bytes, file: path), path: path)
    }
  }

  /// Reads the bytes of a part; `file` names it in faults.
  package static func decode(
    _ bytes: UnsafeRawBufferPointer, file: String
  ) throws(FileFault) -> CalibrationPart {
    let (version, header, numbers) = try sections(of: bytes, file: file)
    return try CalibrationPart(
      JSONPlace(parsing: header, file: file), version: version, numbers: numbers)
  }

  /// The JSON and the numbers of a whole file.
  private static func sections(
    of bytes: UnsafeRawBufferPointer, file: String
  ) throws(FileFault) -> (
    version: UInt32, header: UnsafeRawBufferPointer, numbers: UnsafeRawBufferPointer
  ) {
    guard bytes.starts(with: magic) else {
      throw FileFault(
        file: file, place: "byte 0", found: "something else",
        expected: "\"TMSC\", a part that tamis calibrate --partial wrote")
    }
    guard bytes.count >= prefixByteCount + digestByteCount else {
      throw FileFault(file: file, found: counted(bytes.count, "byte"), expected: "a whole part")
    }
    let version = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
    guard version == Self.version || version == extendedVersion else {
      throw FileFault(
        file: file, place: "byte 4", found: "version \(version)",
        expected: "\(Self.version) or \(extendedVersion)",
        remedy: "merge with the version of tamis that made the parts")
    }
    let content = UnsafeRawBufferPointer(rebasing: bytes[..<(bytes.count - digestByteCount)])
    guard bytes.suffix(digestByteCount).elementsEqual(SHA256Digest(of: content).bytes) else {
      throw FileFault(
        file: file, place: "the SHA-256 at the end", found: "that of other content",
        expected: "that of the bytes before it",
        remedy: "the file was cut or changed: copy it again, or make the part again")
    }
    let headerCount = bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self).littleEndian
    guard headerCount <= UInt64(content.count - prefixByteCount) else {
      throw FileFault(
        file: file, place: "byte 8", found: "\(counted(headerCount, "byte")) of JSON",
        expected: "at most the \(content.count - prefixByteCount) that follow")
    }
    let end = prefixByteCount + Int(headerCount)
    return (
      version, UnsafeRawBufferPointer(rebasing: content[prefixByteCount..<end]),
      UnsafeRawBufferPointer(rebasing: content[end...])
    )
  }

  private init(
    _ place: JSONPlace, version: UInt32, numbers: UnsafeRawBufferPointer
  ) throws(FileFault) {
    let isExtended = version == Self.extendedVersion
    try place.expect("format", isExtended ? Self.extendedFormat : Self.format)
    try place.expect("precision", TriggerCalibration.precision)
    let levels = try place.member("levels").levels()
    basis = Basis(
      modelSHA256: try place.member("model_sha256").sha256(),
      schema: try place.member("schema").schema(), levels: levels,
      weights: try place.member("weights").weights(count: levels.count),
      plan: try CalibrationPlan(place),
      screenMargin: try place.member("screen_margin").unlessNull { (margin) throws(FileFault) in
        try margin.openUnitInterval()
      },
      unbiasedPrescale: try place.member("unbiased_prescale").unlessNull {
        (prescale) throws(FileFault) in try prescale.integer(in: 1...UInt32.max)
      })
    if isExtended {
      basis.bins = try place.member("condition_bins").unlessNull { (bins) throws(FileFault) in
        try ConditionBinRequest(bins)
      }
    }
    tally = try CalibrationTally(
      place, numbers: numbers, hasQuiet: basis.plan.hasQuiet, hasConditions: basis.bins != nil)
    eventsTotal = try place.member("events_total").unlessNull { (total) throws(FileFault) in
      try total.eventCount(from: 1)
    }
    screenRefusal = try place.member("screen_refusal").unlessNull { (text) throws(FileFault) in
      try text.string()
    }
    guard isExtended == self.isExtended else {
      throw try place.member("working_points").fault(
        found: isExtended ? "no quiet working point and no bins" : "a quiet working point",
        expected: "format \(isExtended ? Self.format : Self.extendedFormat)")
    }
    guard !basis.plan.hasQuiet || basis.bins == nil else {
      throw try place.member("condition_bins").fault(
        expected: "null, as there is a working point of the low side")
    }
  }
}

extension ConditionBinRequest {
  fileprivate init(_ place: JSONPlace) throws(FileFault) {
    if let edges = try place.optionalMember("edges") {
      self = .edges(try edges.map { (edge) throws(FileFault) -> Float in try edge.real() })
    } else {
      self = .count(try place.member("count").integer(in: 0...ConditionBins.countMax))
    }
    guard isSound else {
      throw place.fault(
        expected:
          "a count of 2 to \(ConditionBins.countMax), or 1 to \(ConditionBins.countMax - 1) "
          + "edges, each above the one before")
    }
  }
}

extension CalibrationPlan {
  fileprivate init(_ place: JSONPlace) throws(FileFault) {
    let points = try place.member("working_points")
    let requests = try points.map { (point) throws(FileFault) in try WorkingPointRequest(point) }
    let confidence = try place.member("confidence").openUnitInterval()
    let extrapolates = try place.member("allow_extrapolation").bool()
    do throws(CalibrationError) {
      try self.init(requests, confidence: confidence, allowingExtrapolation: extrapolates)
    } catch {
      throw points.fault(found: "\(requests.count) of them", expected: error.description)
    }
  }
}

extension WorkingPointRequest {
  fileprivate init(_ place: JSONPlace) throws(FileFault) {
    let guarantee = try place.member("guarantee")
    let promise = try guarantee.guarantee()
    if promise == .noPromise { throw guarantee.fault(expected: "a promise") }
    let name = try place.member("name").workingPointName()
    let rate = try place.member("target_fpr").falsePositiveRate()
    let prescale: UInt32 = try place.member("prescale").integer(in: 1...UInt32.max)
    let side = try place.optionalMember("side")?.side() ?? .high
    do throws(CalibrationError) {
      try self.init(
        name: name, targetFPR: rate, guarantee: promise, prescale: prescale, side: side)
    } catch {
      throw place.fault(expected: error.description)
    }
  }
}

extension CalibrationTally {
  fileprivate init(
    _ place: JSONPlace, numbers bytes: UnsafeRawBufferPointer, hasQuiet: Bool, hasConditions: Bool
  ) throws(FileFault) {
    let scorableCount = try place.member("events").eventCount()
    let notScorableCount = try place.member("not_scorable").eventCount()
    let kept = try place.member("kept")
    let keptCount = try kept.integer(in: 0...scorableCount)
    let quietPlace = hasQuiet ? try place.member("quiet") : nil
    let lowKept = try quietPlace?.member("kept").integer(in: 0...scorableCount) ?? 0
    let conditionedCount = hasConditions ? scorableCount + notScorableCount : 0
    guard bytes.count == 4 * (keptCount + lowKept + 2 * conditionedCount) else {
      let others = lowKept + 2 * conditionedCount
      throw kept.fault(
        expected: "\(max(0, bytes.count / 4 - others)), as there are "
          + "\(counted(bytes.count, "byte")) of numbers"
          + (others > 0 ? ", \(4 * others) of them for quiet points or conditions" : ""))
    }
    func number(_ index: Int) -> Float {
      Float(
        bitPattern: UInt32(
          littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)))
    }
    let largest = (0..<keptCount).map(number)
    guard largest.allSatisfy({ $0 > -.infinity }) else {
      throw kept.fault(
        found: "a score that is NaN or -infinity", expected: "scores as the engine gives them")
    }
    scores = ThresholdAccumulator(
      capacity: keptCount, scorableCount: scorableCount, notScorableCount: notScorableCount,
      largest: largest)
    histogram = try ScoreHistogram(place.member("score_histogram"))
    features = try FeatureAccumulator(place.member("features"))
    conditions.moments = try FloatMoments(place.member("condition"))
    screen = try ScreenAccumulator(place.member("screen"))
    runs = try place.member("runs").map(CalibrationRun.init)
    quiet = try quietPlace.map { (place) throws(FileFault) in
      try QuietTally(
        place, lowest: (0..<lowKept).map { number(keptCount + $0) }, scores: scores,
        featureCount: features.featureCount)
    }
    if hasConditions {
      let events = ConditionedEvents(count: conditionedCount) { index in
        let first = keptCount + lowKept + 2 * index
        return (number(first), number(first + 1))
      }
      guard events.notScorableCount == notScorableCount else {
        throw try place.member("not_scorable").fault(
          expected: "\(events.notScorableCount), as there are scores that are none")
      }
      conditioned = events
    }
    guard features.eventCount == eventCount else {
      throw try place.member("features").member("events").fault(
        expected: "\(eventCount), the events and those not scorable")
    }
  }
}

extension QuietTally {
  fileprivate init(
    _ place: JSONPlace, lowest: [Float], scores: ThresholdAccumulator, featureCount: Int
  ) throws(FileFault) {
    guard lowest.allSatisfy({ $0 > -.infinity }) else {
      throw try place.member("kept").fault(
        found: "a score that is NaN or -infinity", expected: "scores as the engine gives them")
    }
    let finiteCount = try place.member("events").integer(in: 0...scores.scorableCount)
    let sumsPlace = try place.member("attribution_sums")
    let sums = try sumsPlace.map { (place) throws(FileFault) in
      guard let sum = ExactSum(hexadecimal: try place.string()),
        (0...Double(finiteCount) * Double(Float.greatestFiniteMagnitude)).contains(sum.value)
      else {
        throw place.fault(
          expected: "the exact sum of \(finiteCount) attributions in hexadecimal, at least 0")
      }
      return sum
    }
    guard sums.count == featureCount else {
      throw sumsPlace.fault(found: "\(sums.count) sums", expected: "\(featureCount), one a feature")
    }
    self.init(
      scores: ThresholdAccumulator(
        capacity: lowest.count, scorableCount: scores.scorableCount,
        notScorableCount: scores.notScorableCount, largest: lowest.map { 0 - $0 }),
      attributionSums: sums, finiteCount: finiteCount)
  }
}

extension FeatureAccumulator {
  fileprivate init(_ place: JSONPlace) throws(FileFault) {
    let columns = try place.member("moments").map { (column) throws(FileFault) in
      try FloatMoments(column)
    }
    let names = try place.member("names").unlessNull { (names) throws(FileFault) in
      try names.map { (name) throws(FileFault) in try name.string() }
    }
    // Events and those not scorable.
    let events = try place.member("events").integer(in: 0...2 * TriggerCalibration.eventCountMax)
    guard !columns.isEmpty, names == nil || names?.count == columns.count,
      columns.allSatisfy({ $0.count <= events })
    else {
      throw place.fault(
        found: counted(columns.count, "column"),
        expected: "one a name, none with more than all events")
    }
    self.init(featureCount: columns.count, names: names)
    eventCount = events
    moments = columns
  }
}

extension FloatMoments {
  fileprivate init(_ place: JSONPlace) throws(FileFault) {
    let range = try JSONPlace.range(
      from: place.member("minimum"), to: place.member("maximum"))
    let sums = try place.member("power_sums").map { (sum) throws(FileFault) in try sum.string() }
    guard
      let moments = FloatMoments(
        count: try place.member("count").eventCount(), range: range, powerSums: sums)
    else {
      throw place.fault(found: "sums that no numbers have", expected: "exact power sums")
    }
    self = moments
  }
}

extension ScreenAccumulator {
  fileprivate init(_ place: JSONPlace) throws(FileFault) {
    func exactSum(_ name: String) throws(FileFault) -> ExactSum {
      let member = try place.member(name)
      guard let sum = ExactSum(hexadecimal: try member.string()) else {
        throw member.fault(expected: "a hexadecimal integer in lower case")
      }
      return sum
    }
    count = try place.member("events").eventCount()
    sum = try exactSum("deviation_sum")
    sumOfSquares = try exactSum("deviation_square_sum")
    lowest = try place.member("lowest").real(in: -Self.deviationMax...0)
    highest = try place.member("highest").real(in: 0...Self.deviationMax)
    let reach = max(-lowest, highest)
    let most = Double(count) * reach * (1 + 1e-9)
    guard sum.value.magnitude <= most, (0...most * reach).contains(sumOfSquares.value) else {
      throw place.fault(found: "sums that no deviations have", expected: "exact sums")
    }
  }

  /// Above the ratio of any two numbers of float32.
  private static let deviationMax = 1e90
}
