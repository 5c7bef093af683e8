internal import StrictJSON

/// The bytes of a `.safetensors` file, the same for the same content.
struct TensorFileContent {
  private var header = JSONObject()
  private var elements: [UInt8] = []

  /// Begins a file; metadata are written with their keys sorted.
  init(metadata: [String: String]) {
    var texts = JSONObject()
    for (key, text) in metadata.sorted(by: { $0.key < $1.key }) { texts[key] = .string(text) }
    header["__metadata__"] = .object(texts)
  }

  /// Appends a float32 tensor.
  mutating func append(_ name: String, dimensions: [Int], _ values: some Collection<Float>) {
    append(name, elementType: "F32", dimensions: dimensions) { elements in
      elements.reserveCapacity(elements.count + 4 * values.count)
      for value in values {
        withUnsafeBytes(of: value.bitPattern.littleEndian) { elements.append(contentsOf: $0) }
      }
    }
  }

  /// Appends flags as unsigned bytes. They should come last: what follows is not aligned.
  mutating func append(_ name: String, flags: [Bool]) {
    append(name, elementType: "U8", dimensions: [flags.count]) { elements in
      elements.append(contentsOf: flags.map { $0 ? 1 : 0 })
    }
  }

  /// The whole file. The header is padded with spaces so that the elements begin at a multiple
  /// of 8.
  var bytes: [UInt8] {
    var text = Array(JSONValue.object(header).compactText.utf8)
    text.append(contentsOf: repeatElement(UInt8(ascii: " "), count: -text.count & 7))
    return withUnsafeBytes(of: UInt64(text.count).littleEndian, Array.init) + text + elements
  }

  private mutating func append(
    _ name: String, elementType: String, dimensions: [Int], _ write: (inout [UInt8]) -> Void
  ) {
    let start = elements.count
    write(&elements)
    header[name] = .object([
      "dtype": .string(elementType),
      "shape": .array(dimensions.map { .integer($0) }),
      "data_offsets": .array([.integer(start), .integer(elements.count)]),
    ])
  }
}
