public import DurableFiles
internal import NumberText

/// A model as it was found in a file.
public struct LoadedModel: Sendable {
  /// The model.
  public let model: TrainedModel
  /// The SHA-256 of the file, by which calibrations and records know it.
  public let sha256: SHA256Digest
  /// One line for each value that was assumed because the file does not state it, and for each part
  /// of the file that was ignored.
  public let notes: [String]
  /// The path as given.
  public let path: String
}

extension TrainedModel {
  /// A billion weights in float64; a larger file is no model.
  private static let byteCountMax = 8 << 30

  /// Reads and checks a `.safetensors` model file.
  ///
  /// - Throws: `FileFault` that names the tensor or key where the file is not such a model;
  ///   `SystemCallError` where it cannot be read.
  public static func load(_ path: String) throws -> LoadedModel {
    let content = try MappedFile(copying: path, byteCountMax: byteCountMax)
    return try withExtendedLifetime(content) {
      try decode(content.bytes, path: path)
    }
  }

  /// Whether the file `path` begins as a safetensors file does: the length of a JSON object, and its
  /// brace. Any name may be a model's.
  public static func recognises(_ path: String) throws -> Bool {
    let content = try MappedFile(path)
    return withExtendedLifetime(content) {
      guard content.bytes.count > 9 else { return false }
      let headerByteCount = UInt64(littleEndian: content.bytes.loadUnaligned(as: UInt64.self))
      return headerByteCount <= content.bytes.count - 8 && content.bytes[8] == UInt8(ascii: "{")
    }
  }

  /// Reads a model from the bytes of a file; faults name `path`.
  package static func decode(
    _ bytes: UnsafeRawBufferPointer, path: String
  ) throws(FileFault) -> LoadedModel {
    try refuseText(bytes, path: path)
    let file = try TensorFile(bytes, path: path)
    try file.refuseWrappedNames()
    let kind = try NetworkKind(file)
    let shape =
      switch kind {
      case .score: try NetworkShape(file)
      case .autoencoder: try NetworkShape(autoencoder: file)
      }
    var notes = notesOnTensors(file, shape: shape)
    let sigmas =
      switch kind {
      case .score: try file.positiveFloats("sigmas", shapes: [[shape.levelCount]])
      case .autoencoder: [Float(0)]
      }
    let metadata = try ModelMetadata(
      file, kind: kind, sigmas: sigmas, featureCount: shape.featureCount, notes: &notes)
    let distance =
      kind == .score ? try NeighbourDistance(file, featureCount: shape.featureCount) : nil
    let model = TrainedModel(
      parameters: try NetworkParameters(file, shape: shape), sigmas: sigmas,
      standardiser: try Standardiser(file, featureCount: shape.featureCount),
      featureNames: metadata.featureNames, scoring: metadata.scoring,
      distance: distance, trainingRecord: metadata.trainingRecord)
    return LoadedModel(model: model, sha256: SHA256Digest(of: bytes), notes: notes, path: path)
  }

  /// Names a calibration, or other JSON, in place of a model. Read as the length of a header, its
  /// first bytes would be more than any file has.
  private static func refuseText(
    _ bytes: UnsafeRawBufferPointer, path: String
  ) throws(FileFault) {
    guard bytes.count > 8, bytes[0] == UInt8(ascii: "{"), bytes[7] != 0 else { return }
    let text = String(decoding: bytes.prefix(1 << 20), as: UTF8.self)
    let isCalibration = text.contains("\"tamis-calibration")
    throw FileFault(
      file: path, found: isCalibration ? "a calibration" : "JSON",
      expected: "a model, a .safetensors file",
      remedy: isCalibration ? "exchange the names of model and calibration" : nil)
  }

  private static func notesOnTensors(_ file: TensorFile, shape: NetworkShape) -> [String] {
    let known = Set(
      shape.tensors.map(\.description) + Standardiser.tensorNames
        + (shape.kind == .score ? ["sigmas"] + NeighbourDistance.tensorNames : []))
    let names = file.tensors.keys.sorted()
    let others = names.filter { !known.contains($0) }
    let rounded = names.filter { known.contains($0) && file.tensors[$0]?.elementType == "F64" }
    return others.map { "tensor \($0) is not part of the network and has no effect" }
      + rounded.map { "tensor \($0): float64 rounded to float32" }
  }
}

extension NetworkShape {
  /// The sizes that a file's tensors have. That all agree is checked as each is read.
  init(_ file: TensorFile) throws(FileFault) {
    let input = try Self.matrixSizes("input_proj.weight", in: file)
    let embedding = try Self.matrixSizes("sigma_embed.weight", in: file)
    self.init(
      featureCount: input.columns, hiddenWidth: input.rows,
      blockCount: try Self.blockCount(file), levelCount: embedding.rows)
    guard (1...65_535).contains(featureCount) else {
      throw file.fault(
        tensor: "input_proj.weight", found: counted(featureCount, "column"),
        expected: "1 to 65535, one a feature")
    }
    guard hiddenWidth > 0, hiddenWidth % 16 == 0 else {
      throw file.fault(
        tensor: "input_proj.weight", found: counted(hiddenWidth, "row"),
        expected: "a hidden width that is a multiple of 16",
        remedy: "train a network of such a width, or pad it with zeros")
    }
    // A matrix without columns takes no bytes, however many rows it says it has.
    guard embedding.columns == hiddenWidth else {
      throw file.fault(
        tensor: "sigma_embed.weight", found: "shape \(shapeText([levelCount, embedding.columns]))",
        expected: "shape \(shapeText([levelCount, hiddenWidth]))")
    }
    guard (1...65_536).contains(levelCount) else {
      throw file.fault(
        tensor: "sigma_embed.weight",
        found: levelCount == 0 ? "no rows" : counted(levelCount, "row"),
        expected: "1 to 65536, one a noise level")
    }
  }

  static func matrixSizes(
    _ name: String, in file: TensorFile
  ) throws(FileFault) -> (rows: Int, columns: Int) {
    let tensor = try file.tensor(name)
    // Of other types the header's shape is not checked against the bytes: it may say anything.
    try file.checkIsFloats(tensor)
    let dimensions = tensor.dimensions
    guard dimensions.count == 2 else {
      throw file.fault(
        tensor: name, found: "shape \(shapeText(dimensions))", expected: "a matrix")
    }
    return (dimensions[0], dimensions[1])
  }

  /// Blocks are numbered from 0 without gaps; there is at least one.
  private static func blockCount(_ file: TensorFile) throws(FileFault) -> Int {
    let last = highestNumber(in: file) { [.blockWeight($0), .blockBias($0)] }
    for block in 0...last {
      _ = try file.tensor(NetworkTensor.blockWeight(block).description)
    }
    return last + 1
  }

  /// The highest number in the names of a file's tensors that are among `tensors` of that number: of
  /// the last block, or of an autoencoder's last layer. 0 without any.
  static func highestNumber(in file: TensorFile, of tensors: (Int) -> [NetworkTensor]) -> Int {
    file.tensors.keys.compactMap { name in
      name.split(separator: ".").lazy.compactMap { Int($0) }.first.flatMap { number in
        tensors(number).contains { $0.description == name } ? number : nil
      }
    }.filter { $0 >= 0 }.max() ?? 0
  }
}

extension NetworkParameters {
  /// Reads all weights.
  init(_ file: TensorFile, shape: NetworkShape) throws(FileFault) {
    // All sizes are checked before memory is taken: a header may state any size.
    for tensor in shape.tensors {
      try file.checkFloats(tensor.description, shapes: [shape.dimensions(of: tensor)])
    }
    self.init(zeros: shape)
    for tensor in shape.tensors {
      self[tensor] = try file.floats(
        tensor.description, shapes: [shape.dimensions(of: tensor)])[...]
    }
  }
}

extension Standardiser {
  /// The tensors that hold a standardiser, the optional ones last.
  static let tensorNames = ["scaler.mean", "scaler.scale", "scaler.clip", "scaler.log1p"]

  /// Reads the standardiser.
  init(_ file: TensorFile, featureCount: Int) throws(FileFault) {
    self.init(
      mean: try file.floats("scaler.mean", shapes: [[featureCount]]),
      scale: try file.positiveFloats("scaler.scale", shapes: [[featureCount]]))
    if file.tensors["scaler.log1p"] != nil {
      isLogarithmic = try file.flags("scaler.log1p", count: featureCount)
    }
    if file.tensors["scaler.clip"] != nil {
      clip = try file.positiveFloats("scaler.clip", shapes: [[], [1]]).first
    }
  }
}
