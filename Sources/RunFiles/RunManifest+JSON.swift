internal import BoundedNumbers
internal import DurableFiles
internal import EventRecords
internal import NumberText
internal import StrictJSON

extension RunManifest.Source {
  fileprivate init(_ place: JSONPlace) throws(FileFault) {
    run = try place.count("run")
    source = try place.count("source")
    recordCount = try place.count("records")
    firstSequence = try place.count("first_sequence")
    lastSequence = try place.count("last_sequence")
    lost = try place.optionalCount("lost")
    late = try place.optionalCount("late")
    repeated = try place.optionalCount("repeated")
  }

  fileprivate var json: JSONValue {
    var object: JSONObject = [
      "run": .integer(run), "source": .integer(source), "records": .integer(recordCount),
      "first_sequence": .integer(firstSequence), "last_sequence": .integer(lastSequence),
    ]
    object["lost"] = lost.map { .integer($0) }
    object["late"] = late.map { .integer($0) }
    object["repeated"] = repeated.map { .integer($0) }
    return .object(object)
  }
}

extension RunManifest.Segment {
  fileprivate init(_ place: JSONPlace) throws(FileFault) {
    name = try place.member("name").string()
    recordCount = try place.count("records")
    byteCount = try place.count("bytes")
    sha256 = try place.member("sha256").string()
    summary = try place.optionalMember("summary")?.unlessNull(RunManifest.Summary.init)
  }

  fileprivate var json: JSONValue {
    var object: JSONObject = [
      "name": .string(name), "records": .integer(recordCount), "bytes": .integer(byteCount),
      "sha256": .string(sha256),
    ]
    object["summary"] = summary?.json
    return .object(object)
  }
}

extension RunManifest.Content {
  fileprivate static let names = [
    "counts", "first_time_ns", "last_time_ns", "first_number", "last_number", "sources",
    "records_not_listed",
  ]

  fileprivate init(_ place: JSONPlace) throws(FileFault) {
    counts = [:]
    for (name, count) in try place.member("counts").members() {
      counts[name] = try count.integer(in: 0...UInt64.max)
    }
    firstTimeNs = try place.optionalCount("first_time_ns")
    lastTimeNs = try place.optionalCount("last_time_ns")
    firstNumber = try place.optionalCount("first_number")
    lastNumber = try place.optionalCount("last_number")
    sources = try place.member("sources").map(RunManifest.Source.init)
    unlistedCount = try place.optionalCount("records_not_listed")
  }

  fileprivate var json: JSONObject {
    var object: JSONObject = [
      "counts": .object(JSONObject(sorting: counts.map { ($0.key, .integer($0.value)) })),
      "sources": .array(sources.map(\.json)),
    ]
    object["first_time_ns"] = firstTimeNs.map { .integer($0) }
    object["last_time_ns"] = lastTimeNs.map { .integer($0) }
    object["first_number"] = firstNumber.map { .integer($0) }
    object["last_number"] = lastNumber.map { .integer($0) }
    object["records_not_listed"] = unlistedCount.map { .integer($0) }
    return object
  }
}

extension RunManifest.Summary {
  fileprivate init(_ place: JSONPlace) throws(FileFault) {
    schema = try place.member("schema").string()
    content = try RunManifest.Content(place)
  }

  fileprivate var json: JSONValue {
    var object = content.json
    object["schema"] = .string(schema)
    return .object(object)
  }
}

extension RunManifest {
  private static let names =
    [
      "format", "kind", "features", "feature_names", "schema", "records", "runs", "segments",
    ] + Content.names

  /// Reads a manifest; unknown sections become `extras`.
  init(_ place: JSONPlace) throws(FileFault) {
    let format = try place.member("format")
    guard try format.string() == Self.format else {
      throw format.fault(expected: "\"\(Self.format)\"")
    }
    let kind = try place.member("kind")
    guard let known = RunKind(rawValue: try kind.string()) else {
      throw kind.fault(expected: "\"events\" or \"flagged\"")
    }
    self.kind = known
    featureCount = try place.member("features").integer(in: 0...EventRecord.featureCountMax)
    let names = try place.optionalMember("feature_names")
    featureNames = try names?.unlessNull { (names) throws(FileFault) in
      try names.map { (name) throws(FileFault) in try name.string() }
    }
    if let names, let count = featureNames?.count, count != featureCount {
      throw names.fault(
        found: counted(count, "name"), expected: "\(featureCount), one for each feature")
    }
    let digits = try place.member("schema")
    guard let schema = DurableFiles.schema(fromText: try digits.string()) else {
      throw digits.fault(expected: "eight hexadecimal digits")
    }
    self.schema = schema
    recordCount = try place.count("records")
    runs = try place.member("runs").map { (run) throws(FileFault) in
      try run.integer(in: 0...UInt32.max)
    }
    content = try Content(place)
    segments = try place.member("segments").map(Segment.init)
    extras = try place.object().members(except: Self.names)
  }

  /// All fields and the extras beside them; an extra cannot replace a field.
  var json: JSONValue {
    var object = extras.members(except: Self.names)
    object.merge(content.json)
    object.merge([
      "format": .string(Self.format), "kind": .string(kind.rawValue),
      "features": .integer(featureCount), "schema": .string(schemaDescription(schema)),
      "records": .integer(recordCount), "runs": .array(runs.map { .integer($0) }),
      "segments": .array(segments.map(\.json)),
    ])
    object["feature_names"] = featureNames.map { .array($0.map(JSONValue.string)) }
    return .object(object)
  }
}

extension RunManifest {
  /// Reads the manifest in the run folder `folder`; nil where there is none.
  public static func read(inFolder folder: String) throws -> RunManifest? {
    try read(in: DiskFolder(folder))
  }

  /// Reads the manifest in `store`; nil where there is none.
  static func read(in store: any FolderStore) throws -> RunManifest? {
    guard
      let content = try store.content(
        of: RunFolder.manifestName, byteCountMax: RunFolder.manifestByteCountMax)
    else { return nil }
    return try content.withUnsafeBytes {
      try RunManifest(JSONPlace(parsing: $0, file: store.path(of: RunFolder.manifestName)))
    }
  }

  /// Reads the manifest that `file` holds.
  init(parsing file: MappedFile) throws(FileFault) {
    try self.init(JSONPlace(parsing: file.bytes, file: file.path))
  }

  /// Reads the manifest of a flagged journal, which continues without one. A damaged manifest
  /// counts as none, and is reported in words.
  static func readIfSound(
    in store: any FolderStore
  ) throws(SystemCallError) -> (manifest: RunManifest?, fault: String?) {
    do {
      guard let manifest = try read(in: store) else { return (nil, nil) }
      let fault = manifest.contradiction(store.path(of: RunFolder.manifestName))
      return (fault == nil ? manifest : nil, fault?.description)
    } catch let error as SystemCallError where !error.isNoRegularFile {
      throw error
    } catch {
      return (nil, "\(error)")
    }
  }

  /// Names and schema are written together: where they disagree one of them is damaged. No segment that
  /// is counted is left out of the list.
  func contradiction(_ path: String) -> FileFault? {
    let listedCount = segments.reduce(0) { $0 +| $1.recordCount }
    if recordCount > listedCount {
      return FileFault(
        file: path, place: "segments", found: "\(counted(listedCount, "record")) in all",
        expected: "\(recordCount), as \"records\" has it")
    }
    guard let featureNames, schemaPrefix(featureNames: featureNames) != schema else { return nil }
    return FileFault(
      file: path, place: "schema", found: schemaDescription(schema),
      expected: schemaDescription(schemaPrefix(featureNames: featureNames))
        + ", as feature_names have it")
  }

  /// Writes `manifest.json`, durably, in the place of an earlier one.
  func write(in store: any FolderStore) throws {
    let text = json.sortedText(isIndented: true) + "\n"
    try store.replace(RunFolder.manifestName, with: Array(text.utf8))
  }
}
