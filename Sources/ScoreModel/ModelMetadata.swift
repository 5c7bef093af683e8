internal import DurableFiles
internal import StrictJSON

/// What a model file says beside its tensors, under `__metadata__`.
struct ModelMetadata {
  /// The value of `format`.
  static let format = "tamis-model/1"
  /// Its value where the model has a distance. A program that does not know the distance must refuse
  /// the file, not score without it.
  static let formatWithDistance = "tamis-model/2"

  var kind: NetworkKind
  var scoring: Scoring
  var hasDistance: Bool
  var featureNames: [String]?
  var trainingRecord: String?

  /// The strings of the file.
  var texts: [String: String] {
    let format = hasDistance ? Self.formatWithDistance : Self.format
    // Files of score networks need not name their kind: they are older than the second kind.
    var texts =
      switch kind {
      case .score: ["format": format, "scoring": scoring.metadataText]
      case .autoencoder: ["format": format, "network": kind.rawValue]
      }
    if let featureNames {
      texts["feature_names"] = JSONValue.array(featureNames.map { .string($0) }).compactText
    }
    texts["training"] = trainingRecord
    return texts
  }
}

extension ModelMetadata {
  /// Reads the strings of a file. Each default that replaces a missing string is noted.
  init(
    _ file: TensorFile, kind: NetworkKind, sigmas: [Float], featureCount: Int,
    notes: inout [String]
  ) throws(FileFault) {
    try Self.checkFormat(file, notes: &notes)
    self.kind = kind
    hasDistance = file.metadata["format"] == Self.formatWithDistance
    scoring = try Self.scoring(file, kind: kind, sigmas: sigmas, notes: &notes)
    featureNames = try Self.featureNames(file, featureCount: featureCount)
    if featureNames == nil {
      notes.append("metadata feature_names: none; features are numbered, no schema is checked")
    }
    _ = try Self.place("training", in: file)?.object()
    trainingRecord = file.metadata["training"]
    if trainingRecord == nil { notes.append("metadata training: none; the origin is unknown") }
  }

  private static func scoring(
    _ file: TensorFile, kind: NetworkKind, sigmas: [Float], notes: inout [String]
  ) throws(FileFault) -> Scoring {
    if kind == .autoencoder {
      if file.metadata["scoring"] != nil {
        notes.append("metadata scoring: an autoencoder has no noise levels, so it has no effect")
      }
      return .reconstruction
    }
    return try place("scoring", in: file).map { place throws(FileFault) in
      try Scoring(place, levelCount: sigmas.count, notes: &notes)
    } ?? defaultScoring(sigmas, notes: &notes)
  }

  private static func checkFormat(
    _ file: TensorFile, notes: inout [String]
  ) throws(FileFault) {
    switch file.metadata["format"] {
    case format, formatWithDistance: break
    case nil: notes.append("metadata format: none; read as \(format)")
    case let other?:
      throw FileFault(
        file: file.path, place: "metadata format", found: "\"\(other)\"",
        expected: "\"\(format)\" or \"\(formatWithDistance)\"",
        remedy: "use the program version that wrote it, or remove the key from a foreign model")
    }
  }

  private static func featureNames(
    _ file: TensorFile, featureCount: Int
  ) throws(FileFault) -> [String]? {
    guard let place = try place("feature_names", in: file) else { return nil }
    let names = try place.map { name throws(FileFault) in
      let text = try name.string()
      // Names are joined by newlines where the schema is made.
      if text.contains("\n") { throw name.fault(expected: "a name without a newline") }
      return text
    }
    guard names.count == featureCount else {
      throw place.fault(
        found: "\(names.count) names", expected: "\(featureCount) names, one a feature")
    }
    return names
  }

  /// The value of a string that holds JSON, or nil where the file has no such string.
  private static func place(
    _ key: String, in file: TensorFile
  ) throws(FileFault) -> JSONPlace? {
    guard let text = file.metadata[key] else { return nil }
    return try Array(text.utf8).withUnsafeBufferPointer { bytes throws(FileFault) in
      try JSONPlace(
        parsing: UnsafeRawBufferPointer(bytes), file: file.path, path: "metadata \(key)",
        remedy: "the value must be JSON; correct or remove the key")
    }
  }

  /// The three lowest noise levels, as in the reference recipe.
  private static func defaultScoring(_ sigmas: [Float], notes: inout [String]) -> Scoring {
    let levels = sigmas.indices.sorted { sigmas[$0] < sigmas[$1] }.prefix(3).sorted()
    let scoring = Scoring(levels: levels, output: .score)
    notes.append(
      "metadata scoring: none; levels \(levels.map(String.init).joined(separator: ", ")), the "
        + "lowest noise levels, with equal weights. This choice is often poor: choose levels")
    return scoring
  }
}
