internal import DurableFiles
internal import NumberText
internal import StrictJSON

/// The header of a `.safetensors` file.
struct TensorFileHeader {
  /// A header of a model of 65,535 named features takes some two megabytes.
  static let byteCountMax = 16 << 20

  let path: String
  let metadata: [String: String]
  /// In the order of the header.
  let entries: [Entry]
  /// Where the header ends and the tensors' elements begin.
  let endOffset: Int

  /// What the header says of one tensor.
  struct Entry {
    let name: String
    let elementType: String
    let dimensions: [Int]
    /// Counted from the end of the header.
    let byteRange: Range<Int>
  }

  /// Reads the header of a file.
  init(_ bytes: UnsafeRawBufferPointer, path: String) throws(FileFault) {
    self.path = path
    endOffset = 8 + (try Self.byteCount(bytes, path: path))
    let header = UnsafeRawBufferPointer(rebasing: bytes[8..<endOffset])
    let root = try JSONPlace(parsing: header, file: path, path: "header")
    metadata = try Self.metadata(root)
    var entries: [Entry] = []
    for (name, place) in try root.members() where name != "__metadata__" {
      entries.append(try Entry(name: name, place))
    }
    self.entries = entries
  }

  /// Checks that the tensors fill the rest of the file: without overlaps, without holes.
  func checkLayout(contentByteCount: Int) throws(FileFault) {
    var end = 0
    for entry in entries.sorted(by: { $0.isBefore($1) }) {
      guard entry.byteRange.lowerBound == end else {
        throw fault(
          entry, found: "bytes \(entry.byteRange.lowerBound) to \(entry.byteRange.upperBound)",
          expected: "a first byte of \(end), where the tensor before it ends",
          remedy: "write the file again")
      }
      end = entry.byteRange.upperBound
      guard end <= contentByteCount else {
        throw fault(
          entry, found: "a last byte of \(end) where the file holds \(contentByteCount)",
          expected: "all of the tensor", remedy: "the file is cut short; copy or write it again")
      }
    }
    if end != contentByteCount {
      throw FileFault(
        file: path, found: "\(counted(contentByteCount, "byte")) of tensors",
        expected: "the \(counted(end, "byte")) that the header names",
        remedy: "write the file again")
    }
  }

  private func fault(
    _ entry: Entry, found: String, expected: String, remedy: String
  ) -> FileFault {
    FileFault(
      file: path, place: "tensor \(entry.name)", found: found, expected: expected, remedy: remedy)
  }

  /// The header's own length, which the file's first eight bytes hold.
  private static func byteCount(
    _ bytes: UnsafeRawBufferPointer, path: String
  ) throws(FileFault) -> Int {
    guard bytes.count >= 8 else {
      throw FileFault(
        file: path, found: "a file of \(counted(bytes.count, "byte"))",
        expected: "a model file in the safetensors format")
    }
    let byteCount = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    guard (2...UInt64(min(byteCountMax, bytes.count))).contains(byteCount),
      byteCount <= bytes.count - 8
    else {
      throw FileFault(
        file: path, place: "bytes 0 to 7, the header's length", found: "\(byteCount)",
        expected: "2 to \(max(2, min(byteCountMax, bytes.count - 8)))",
        remedy: "the file is cut short or not in the safetensors format")
    }
    return Int(byteCount)
  }

  private static func metadata(_ root: JSONPlace) throws(FileFault) -> [String: String] {
    var metadata: [String: String] = [:]
    guard let place = try root.optionalMember("__metadata__") else { return metadata }
    for (name, text) in try place.members() { metadata[name] = try text.string() }
    return metadata
  }
}

extension TensorFileHeader.Entry {
  /// Reads one tensor's entry.
  fileprivate init(name: String, _ place: JSONPlace) throws(FileFault) {
    self.name = name
    elementType = try place.member("dtype").string()
    dimensions = try place.member("shape").map { dimension throws(FileFault) in
      try dimension.integer(in: 0...Int.max)
    }
    let offsets = try place.member("data_offsets")
    let bounds = try offsets.map { bound throws(FileFault) in
      try bound.integer(in: 0...Int.max)
    }
    guard bounds.count == 2, bounds[0] <= bounds[1] else {
      throw offsets.fault(
        found: "\(bounds)", expected: "two byte offsets, the second not below the first")
    }
    byteRange = bounds[0]..<bounds[1]
    try checkByteCount(offsets)
  }

  private func checkByteCount(_ offsets: JSONPlace) throws(FileFault) {
    guard let elementByteCount = Self.elementByteCounts[elementType] else { return }
    var byteCount = elementByteCount
    for dimension in dimensions {
      let (product, overflows) = byteCount.multipliedReportingOverflow(by: dimension)
      byteCount = overflows ? .max : product
    }
    if byteCount != byteRange.count {
      throw offsets.fault(
        found: counted(byteRange.count, "byte"),
        expected: "\(counted(byteCount, "byte")) for \(elementType) of shape "
          + "\(shapeText(dimensions))")
    }
  }

  /// Tensors of no bytes come before the one that begins at the same place.
  fileprivate func isBefore(_ other: Self) -> Bool {
    (byteRange.lowerBound, byteRange.upperBound)
      < (other.byteRange.lowerBound, other.byteRange.upperBound)
  }

  /// The element types of the format that take whole bytes.
  private static let elementByteCounts = [
    "BOOL": 1, "U8": 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1, "U16": 2, "I16": 2, "F16": 2,
    "BF16": 2, "U32": 4, "I32": 4, "F32": 4, "U64": 8, "I64": 8, "F64": 8,
  ]
}

/// A shape as PyTorch prints it: `(256, 64)`.
func shapeText(_ dimensions: [Int]) -> String {
  "(\(dimensions.map(String.init).joined(separator: ", ")))"
}
