internal import DurableFiles

/// A `.safetensors` file: eight bytes with the length of a JSON header, the header, and the
/// elements of all tensors. The whole header is checked before any tensor is used.
struct TensorFile {
  /// The path as given.
  let path: String
  /// The texts under `__metadata__`.
  let metadata: [String: String]
  /// All tensors by name.
  let tensors: [String: Tensor]

  /// One tensor: where its elements lie, not yet read.
  struct Tensor {
    let name: String
    /// The element type as the header names it: `F32`, `F64`, `U8`, ...
    let elementType: String
    let dimensions: [Int]
    /// The elements, row-major, little-endian, of any alignment; valid as long as the file is.
    let bytes: UnsafeRawBufferPointer
  }

  /// Reads the header. `bytes` must outlive the result.
  init(_ bytes: UnsafeRawBufferPointer, path: String) throws(FileFault) {
    let header = try TensorFileHeader(bytes, path: path)
    let contentBytes = UnsafeRawBufferPointer(rebasing: bytes[header.endOffset...])
    try header.checkLayout(contentByteCount: contentBytes.count)
    self.path = path
    metadata = header.metadata
    var tensors: [String: Tensor] = [:]
    for entry in header.entries {
      tensors[entry.name] = Tensor(
        name: entry.name, elementType: entry.elementType, dimensions: entry.dimensions,
        bytes: UnsafeRawBufferPointer(rebasing: contentBytes[entry.byteRange]))
    }
    self.tensors = tensors
  }

  /// A fault at a tensor.
  func fault(
    tensor name: String, found: String, expected: String, remedy: String? = nil
  ) -> FileFault {
    FileFault(
      file: path, place: "tensor \(name)", found: found, expected: expected, remedy: remedy)
  }
}
