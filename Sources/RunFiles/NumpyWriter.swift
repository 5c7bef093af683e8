internal import DurableFiles

/// Writes a `.npy` file of float32, row by row, of shape (N,) or (N, D). N need not be known
/// before. The file appears under its name only when it is whole.
public final class NumpyWriter {
  /// Bytes of the header, for any N. A multiple of 64, so that the elements are aligned.
  private static let headerByteCount = 128
  private static let bufferedFloatCount = 1 << 16

  /// D; nil for a plain list of numbers.
  public let columnCount: Int?
  /// Elements written so far.
  public private(set) var count = 0
  private let path: String
  private var file: ReplacedFile
  private var buffer: [Float] = []

  /// Begins the file. Traps where `columnCount` is below 1.
  /// - Parameters:
  ///   - path: the file.
  ///   - columnCount: D for shape (N, D), nil for shape (N,).
  ///   - replacing: whether an existing file may be replaced, at `commit`.
  /// - Throws: `FileFault` where the file exists, `SystemCallError`.
  public init(_ path: String, columnCount: Int? = nil, replacing: Bool = false) throws {
    precondition(columnCount.map { $0 > 0 } ?? true)
    self.path = path
    self.columnCount = columnCount
    file = try ReplacedFile(path, replacing: replacing)
    buffer.reserveCapacity(Self.bufferedFloatCount)
    try header(rowCount: 0).withUnsafeBytes { try file.write($0) }
  }

  /// Appends elements, whole rows or parts of them.
  public func append(_ elements: UnsafeBufferPointer<Float>) throws {
    count += elements.count
    if buffer.count + elements.count > Self.bufferedFloatCount { try flush() }
    if elements.count > Self.bufferedFloatCount {
      try file.write(UnsafeRawBufferPointer(elements))
    } else {
      buffer.append(contentsOf: elements)
    }
  }

  /// Appends elements, whole rows or parts of them.
  public func append(_ elements: [Float]) throws {
    try elements.withUnsafeBufferPointer { try append($0) }
  }

  private func flush() throws {
    try buffer.withUnsafeBytes { try file.write($0) }
    buffer.removeAll(keepingCapacity: true)
  }

  /// Makes the file durable and visible. Traps where the last row is not whole.
  public func commit() throws {
    precondition(count % (columnCount ?? 1) == 0, "a row is not whole")
    try flush()
    let header = header(rowCount: count / (columnCount ?? 1))
    try header.withUnsafeBytes { try file.overwrite($0, at: 0) }
    try file.commit()
  }

  private func header(rowCount: Int) -> [UInt8] {
    let shape = columnCount.map { "(\(rowCount), \($0))" } ?? "(\(rowCount),)"
    let dictionary = "{'descr': '<f4', 'fortran_order': False, 'shape': \(shape), }"
    let length = Self.headerByteCount - NumpyHeader.magic.count - 4
    let padding = [UInt8](repeating: UInt8(ascii: " "), count: length - 1 - dictionary.utf8.count)
    let prefix = NumpyHeader.magic + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)]
    return prefix + dictionary.utf8 + padding + [UInt8(ascii: "\n")]
  }
}
