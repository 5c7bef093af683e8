public import DurableFiles
internal import NumberText

/// An array in a `.npy` file, mapped into memory: versions 1 to 3 of the format, float32 or
/// float64, little-endian, C order, of any shape.
public final class NumpyArray: Sendable {
  /// The type of the elements.
  public enum ElementType: String, Sendable {
    /// `<f4`
    case float32 = "<f4"
    /// `<f8`
    case float64 = "<f8"

    /// Bytes of one element.
    public var byteCount: Int { self == .float32 ? 4 : 8 }
  }

  /// The file, as given.
  public let path: String
  /// Sizes of the dimensions, the slowest first.
  public let shape: [Int]
  /// Type of the elements.
  public let elementType: ElementType
  /// Elements in all.
  public let count: Int
  private let file: MappedFile
  private static let keptByteCountMax = 64 << 20
  private let offset: Int

  /// Maps `path` and checks that the whole array is there.
  /// - Throws: `FileFault` that names the NumPy call that makes a readable file; `SystemCallError`.
  public convenience init(_ path: String) throws { try self.init(try MappedFile(path)) }

  init(_ file: MappedFile) throws(FileFault) {
    let header = try NumpyHeader(file.bytes, file: file.path)
    guard let elementType = ElementType(rawValue: header.description) else {
      throw FileFault(
        file: file.path, place: "header", found: "elements of \(header.description)",
        expected: "<f4 or <f8 (little-endian float32 or float64)",
        remedy: header.description.hasPrefix(">")
          ? "numpy.save(name, array.astype('<f4')) writes it little-endian"
          : "numpy.save(name, array.astype(numpy.float32)) writes it so")
    }
    if header.isFortranOrder, header.shape.count > 1 {
      throw FileFault(
        file: file.path, place: "header", found: "Fortran order", expected: "C order",
        remedy: "numpy.save(name, numpy.ascontiguousarray(array)) writes it so")
    }
    path = file.path
    shape = header.shape
    self.elementType = elementType
    self.file = file
    offset = header.byteCount
    count = try Self.elementCount(header, elementType, file)
  }

  private static func elementCount(
    _ header: NumpyHeader, _ type: ElementType, _ file: MappedFile
  ) throws(FileFault) -> Int {
    var (count, overflows) = (1, false)
    for size in header.shape {
      let product = count.multipliedReportingOverflow(by: size)
      count = product.partialValue
      overflows = overflows || product.overflow
    }
    let bytes = count.multipliedReportingOverflow(by: type.byteCount)
    let found = file.bytes.count - header.byteCount
    guard !overflows, !bytes.overflow, bytes.partialValue == found else {
      let shape = header.shape.map(String.init).joined(separator: ", ")
      let isShort = overflows || bytes.overflow || bytes.partialValue > found
      let expected = overflows || bytes.overflow ? "more bytes than exist" : "\(bytes.partialValue)"
      throw FileFault(
        file: file.path, place: "byte \(header.byteCount)",
        found: "\(counted(found, "byte")) of elements",
        expected: "\(expected) for shape (\(shape)) of \(type.rawValue)",
        remedy: isShort
          ? "the file was cut; write or copy it again" : "save one array in a file of its own")
    }
    return count
  }

  /// Copies elements `range`, in C order, as float32. Float64 is rounded to the nearest. Traps
  /// where there are no such elements.
  public func copy(_ range: Range<Int>, into destination: UnsafeMutablePointer<Float>) {
    precondition(0 <= range.lowerBound && range.upperBound <= count, "elements out of bounds")
    guard let base = file.bytes.baseAddress, !range.isEmpty else { return }
    let start = base + offset + range.lowerBound * elementType.byteCount
    switch elementType {
    case .float32:
      UnsafeMutableRawPointer(destination).copyMemory(from: start, byteCount: range.count * 4)
    case .float64:
      for index in 0..<range.count {
        destination[index] = Float(start.loadUnaligned(fromByteOffset: index * 8, as: Double.self))
      }
    }
  }

  /// Elements that are NaN or infinite, counted through a small buffer, and pages given back behind
  /// it: an array may be larger than the memory.
  public func notFiniteCount() -> Int {
    let chunk = 1 << 16
    var keptFrom = 0
    var count = 0
    withUnsafeTemporaryAllocation(of: Float.self, capacity: chunk) { buffer in
      guard let base = buffer.baseAddress else { return }
      for start in stride(from: 0, to: self.count, by: chunk) {
        let end = min(start + chunk, self.count)
        copy(start..<end, into: base)
        for index in 0..<end - start where !buffer[index].isFinite { count += 1 }
        let reached = offset + end * elementType.byteCount
        if reached - keptFrom >= Self.keptByteCountMax {
          file.release(keptFrom..<reached)
          keptFrom = reached
        }
      }
    }
    return count
  }

  /// All elements as float32.
  public func floats() -> [Float] {
    [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      if let base = buffer.baseAddress { copy(0..<count, into: base) }
      initialized = count
    }
  }

  /// All elements as float64.
  public func doubles() -> [Double] {
    guard let base = file.bytes.baseAddress else { return [] }
    let start = base + offset
    return (0..<count).map { index in
      switch elementType {
      case .float32: Double(start.loadUnaligned(fromByteOffset: index * 4, as: Float.self))
      case .float64: start.loadUnaligned(fromByteOffset: index * 8, as: Double.self)
      }
    }
  }

  /// SHA-256 of the file. Reads all of it.
  public func sha256() -> SHA256Digest { SHA256Digest(of: file.bytes) }
}
