internal import DurableFiles
internal import NumberText

extension NetworkKind {
  /// The kind under the metadata key `network`; a score network where the file has no such key.
  init(_ file: TensorFile) throws(FileFault) {
    let text = file.metadata["network"]
    if text == nil { try Self.checkNotAutoencoder(file) }
    guard let kind = text.map({ NetworkKind(rawValue: $0) }) ?? .score else {
      throw FileFault(
        file: file.path, place: "metadata network", found: "\"\(text ?? "")\"",
        expected: NetworkKind.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: " or "),
        remedy: "use the program version that wrote it")
    }
    self = kind
  }

  /// Names the missing key. Without this check all tensors of the autoencoder would be called
  /// wrong.
  private static func checkNotAutoencoder(_ file: TensorFile) throws(FileFault) {
    let first = NetworkTensor.layerWeight(0).description
    if file.tensors[first] != nil, file.tensors[NetworkTensor.inputWeight.description] == nil {
      throw FileFault(
        file: file.path, place: "metadata network", found: "no such key beside a tensor \(first)",
        expected: "\"autoencoder\"",
        remedy: "add the key where the file is an autoencoder's")
    }
  }
}

extension NetworkShape {
  /// The sizes of an autoencoder's tensors. Each layer takes the outputs of the one before it, and
  /// the last layer has as many outputs as the first has inputs.
  init(autoencoder file: TensorFile) throws(FileFault) {
    let lastLayer = Self.highestNumber(in: file) { [.layerWeight($0), .layerBias($0)] }
    var widths = [try Self.matrixSizes(Self.layerName(0), in: file).columns]
    // There is at least one hidden layer, so at least two in all.
    for layer in 0...max(1, lastLayer) {
      let name = Self.layerName(layer)
      let weight = try Self.matrixSizes(name, in: file)
      guard weight.columns == widths[layer] else {
        throw file.fault(
          tensor: name, found: counted(weight.columns, "column"),
          expected: "\(widths[layer]), one for each row of the layer before it")
      }
      guard weight.rows >= 1 else {
        throw file.fault(tensor: name, found: "no rows", expected: "at least one")
      }
      widths.append(weight.rows)
    }
    try Self.checkEnds(widths, in: file)
    self.init(featureCount: widths[0], autoencoder: Array(widths[1..<widths.count - 1]))
  }

  private static func checkEnds(_ widths: [Int], in file: TensorFile) throws(FileFault) {
    guard (1...65_535).contains(widths[0]) else {
      throw file.fault(
        tensor: layerName(0), found: counted(widths[0], "column"),
        expected: "1 to 65535, one a feature")
    }
    let last = widths.count - 1
    guard widths[last] == widths[0] else {
      throw file.fault(
        tensor: layerName(last - 1), found: counted(widths[last], "row"),
        expected: "\(widths[0]), as many as \(layerName(0)) has columns")
    }
  }

  private static func layerName(_ layer: Int) -> String {
    NetworkTensor.layerWeight(layer).description
  }
}
