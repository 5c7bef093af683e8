import ScoreModel

/// A safetensors file put together by hand, independently of the writer, to be spoilt by tests.
struct FileDraft {
  struct Tensor {
    var name: String
    var type: String
    var shape: [Int]
    var bytes: [UInt8]
    /// In place of where the bytes lie.
    var offsets: (Int, Int)?
  }

  var metadata: [(String, String)] = []
  var tensors: [Tensor] = []
  var headerPadding = 0
  /// Raw text in place of the header that the tensors make.
  var headerText: String?
  var headerLength: UInt64?

  /// The tensor of that name.
  subscript(name: String) -> Tensor {
    get { tensors[tensors.firstIndex { $0.name == name } ?? 0] }
    set { tensors[tensors.firstIndex { $0.name == name } ?? 0] = newValue }
  }

  mutating func append(_ name: String, _ shape: [Int], _ values: [Float]) {
    tensors.append(Tensor(name: name, type: "F32", shape: shape, bytes: littleEndian(values)))
  }

  mutating func remove(_ name: String) { tensors.removeAll { $0.name == name } }

  /// The file.
  var bytes: [UInt8] {
    var header = Array((headerText ?? madeHeader).utf8)
    header += [UInt8](repeating: 0x20, count: headerPadding)
    return withUnsafeBytes(of: (headerLength ?? UInt64(header.count)).littleEndian, Array.init)
      + header + tensors.flatMap(\.bytes)
  }

  private var madeHeader: String {
    var offset = 0
    var members = metadata.isEmpty ? [] : ["\"__metadata__\": {\(metadataText)}"]
    for tensor in tensors {
      let range = tensor.offsets ?? (offset, offset + tensor.bytes.count)
      offset += tensor.bytes.count
      members.append(
        "\"\(tensor.name)\": {\"dtype\": \"\(tensor.type)\", \"shape\": \(tensor.shape), "
          + "\"data_offsets\": [\(range.0), \(range.1)]}")
    }
    return "{\(members.joined(separator: ",\n"))}"
  }

  private var metadataText: String {
    metadata.map { key, text in
      let escaped = text.flatMap { $0 == "\"" || $0 == "\\" ? ["\\", $0] : [$0] }
      return "\"\(key)\": \"\(String(escaped))\""
    }.joined(separator: ", ")
  }
}

func littleEndian(_ values: [Float]) -> [UInt8] {
  values.flatMap { withUnsafeBytes(of: $0.bitPattern.littleEndian, Array.init) }
}

func littleEndian(_ values: [Double]) -> [UInt8] {
  values.flatMap { withUnsafeBytes(of: $0.bitPattern.littleEndian, Array.init) }
}

/// 3 features, width 16, 2 blocks, 5 noise levels; every optional part present.
func smallModel() -> TrainedModel {
  let shape = NetworkShape(featureCount: 3, hiddenWidth: 16, blockCount: 2, levelCount: 5)
  var parameters = NetworkParameters(zeros: shape)
  for index in parameters.values.indices {
    parameters.values[index] = Float(index % 101 - 50) / 64 + 1 / Float(index + 3)
  }
  return TrainedModel(
    parameters: parameters, sigmas: [5, 1.25, 0.3, 0.07, 0.01],
    standardiser: Standardiser(
      mean: [0.5, -1, 1e-3], scale: [1, 2.5, 0.1], isLogarithmic: [false, true, false], clip: 10),
    featureNames: ["pt", "\"η\"\\", "m"],
    scoring: Scoring(levels: [3, 1], weights: [1 / 3, 0.1], output: .noise),
    trainingRecord: "{\"seed\": 18446744073709551615, \"loss\": 0.1}")
}

/// The same model as a draft without metadata, as PyTorch would leave it.
func smallDraft() -> FileDraft {
  let model = smallModel()
  var draft = FileDraft()
  for tensor in model.shape.tensors.reversed() {
    draft.append(
      tensor.description, model.shape.dimensions(of: tensor), Array(model.parameters[tensor]))
  }
  draft.append("sigmas", [5], model.sigmas)
  draft.append("scaler.mean", [3], model.standardiser.mean)
  draft.append("scaler.scale", [3], model.standardiser.scale)
  return draft
}

/// Reads the bytes of a file that bears the name `model.safetensors`.
func decode(_ bytes: [UInt8]) throws -> LoadedModel {
  try bytes.withUnsafeBytes { try TrainedModel.decode($0, path: "model.safetensors") }
}
