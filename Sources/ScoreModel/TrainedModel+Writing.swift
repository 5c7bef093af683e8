internal import DurableFiles

extension TrainedModel {
  /// The bytes of the model's `.safetensors` file, the same for the same model: tensors in the
  /// order of `NetworkShape.tensors`, then a score network's noise levels, then the standardiser, then the
  /// distance where there is one.
  public func encoded() -> [UInt8] {
    let metadata = ModelMetadata(
      kind: kind, scoring: scoring, hasDistance: distance != nil, featureNames: featureNames,
      trainingRecord: trainingRecord)
    var file = TensorFileContent(metadata: metadata.texts)
    for tensor in shape.tensors {
      file.append(
        tensor.description, dimensions: shape.dimensions(of: tensor), parameters[tensor])
    }
    if kind == .score { file.append("sigmas", dimensions: [sigmas.count], sigmas) }
    let featureCount = shape.featureCount
    file.append("scaler.mean", dimensions: [featureCount], standardiser.mean)
    file.append("scaler.scale", dimensions: [featureCount], standardiser.scale)
    if let clip = standardiser.clip { file.append("scaler.clip", dimensions: [1], [clip]) }
    if standardiser.isLogarithmic.contains(true) {
      file.append("scaler.log1p", flags: standardiser.isLogarithmic)
    }
    if let distance {
      let names = NeighbourDistance.tensorNames
      file.append(names[0], dimensions: [distance.count, featureCount], distance.prototypes)
      file.append(names[1], dimensions: [1], [distance.weight])
    }
    return file.bytes
  }

  /// Writes the model file; it appears under its name only when it is whole.
  ///
  /// - Throws: `FileFault` where `path` exists and is not to be replaced, or where the model could
  ///   not be read again, such as one with a weight that is not finite; `SystemCallError` where
  ///   the file cannot be written.
  public func write(to path: String, replacing: Bool) throws {
    let bytes = encoded()
    _ = try bytes.withUnsafeBytes { try Self.decode($0, path: path) }
    try ReplacedFile.write(bytes, to: path, replacing: replacing)
  }

  /// The schema that records of these features carry: the first four bytes of the SHA-256 over
  /// the feature names joined by newlines, as a little-endian integer; 0 without names.
  public var schema: UInt32 {
    featureNames.map { SHA256Digest(of: $0.joined(separator: "\n")).prefix } ?? 0
  }
}
