internal import CLinux
internal import Glibc

/// The bytes of a whole file: mapped read-only, or copied into memory.
///
/// The bytes stay valid as long as the object lives. Nothing else keeps it alive: read them from a
/// local object within `withExtendedLifetime`. Where another process shortens a mapped file
/// meanwhile, reading behind its new end ends this process with status 1 and a message that names
/// the file. A program that must continue reads a copy.
///
/// `@unchecked`: nothing changes after the initialiser.
public final class MappedFile: @unchecked Sendable {
  /// The path as given.
  public let path: String
  /// The content; page-aligned where not empty.
  public let bytes: UnsafeRawBufferPointer
  /// Where bytes were written, ascending; between them are holes, which read as 0. As when the file was
  /// opened; a file with very many holes has the first of them.
  package let writtenRanges: [Range<Int>]
  /// Its entry in the list of mappings; nil for a copy.
  private let mapping: UnsafeMutableRawPointer?
  private let isCopy: Bool

  /// Maps `path`.
  public init(_ path: String) throws(SystemCallError) {
    let handle = try OpenFile(opening: path, flags: O_RDONLY)
    let byteCount = try handle.byteCount()
    self.path = path
    isCopy = false
    guard byteCount > 0 else {
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      writtenRanges = []
      mapping = nil
      return
    }
    writtenRanges = try Self.writtenRanges(of: handle, byteCount: byteCount)
    let address = mmap(nil, byteCount, PROT_READ, MAP_PRIVATE, handle.descriptor, 0)
    guard let address, address != MAP_FAILED else {
      throw SystemCallError("map", file: path)
    }
    bytes = UnsafeRawBufferPointer(start: address, count: byteCount)
    mapping = tamis_mapping_add(address, byteCount, path)
  }

  /// Reads all of `path` into memory. The bytes stay, whatever happens to the file. A file of more
  /// than `byteCountMax` bytes is refused unread.
  public init(copying path: String, byteCountMax: Int = .max) throws(SystemCallError) {
    let handle = try OpenFile(opening: path, flags: O_RDONLY)
    let buffer = try memory(
      forAll: try handle.byteCount(), of: path, byteCountMax: byteCountMax)
    let count: Int
    do throws(SystemCallError) {
      count = try handle.read(into: buffer, at: 0)
    } catch {
      free(buffer.baseAddress)
      throw error
    }
    self.path = path
    isCopy = true
    mapping = nil
    bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
    writtenRanges = count > 0 ? [0..<count] : []
  }

  private static let rangesMax = 10_000

  private static func writtenRanges(
    of file: borrowing OpenFile, byteCount: Int
  ) throws(SystemCallError) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    var end = 0
    while ranges.count < rangesMax - 1, let range = try file.writtenRange(from: end),
      range.lowerBound < byteCount, range.upperBound > end
    {
      ranges.append(range.lowerBound..<min(range.upperBound, byteCount))
      end = range.upperBound
    }
    if ranges.count == rangesMax - 1, end < byteCount { ranges.append(end..<byteCount) }
    return ranges
  }

  /// Whether the file begins with these bytes.
  public func begins(with prefix: some Collection<UInt8>) -> Bool {
    withExtendedLifetime(self) { bytes.prefix(prefix.count).elementsEqual(prefix) }
  }

  /// Gives the memory of bytes `range` back, but for pages that it shares with its neighbours. They are
  /// read from the file again when they are needed: for walking through a file larger than memory.
  public func release(_ range: Range<Int>) {
    guard !isCopy, let base = bytes.baseAddress else { return }
    precondition(0 <= range.lowerBound && range.upperBound <= bytes.count, "bytes out of bounds")
    let pageByteCount = Int(sysconf(Int32(_SC_PAGESIZE)))
    let first = (range.lowerBound + pageByteCount - 1) / pageByteCount * pageByteCount
    let end = range.upperBound / pageByteCount * pageByteCount
    guard first < end else { return }
    madvise(UnsafeMutableRawPointer(mutating: base + first), end - first, MADV_DONTNEED)
  }

  deinit {
    guard let base = bytes.baseAddress else { return }
    if isCopy {
      free(UnsafeMutableRawPointer(mutating: base))
    } else {
      tamis_mapping_forget(mapping)
      munmap(UnsafeMutableRawPointer(mutating: base), bytes.count)
    }
  }
}

/// Memory for the `byteCount` bytes of a whole file, to be given back by `free`; page-aligned.
///
/// A sparse file can be larger than the memory. Where the system does not give the memory this
/// throws; the allocator of Swift would end the process.
func memory(
  forAll byteCount: Int, of path: String, byteCountMax: Int
) throws(SystemCallError) -> UnsafeMutableRawBufferPointer {
  guard byteCount <= byteCountMax else {
    throw SystemCallError(byteCount: byteCount, byteCountMax: byteCountMax, file: path)
  }
  var base: UnsafeMutableRawPointer?
  let code = posix_memalign(&base, 4_096, max(1, byteCount))
  guard code == 0, let base else {
    throw SystemCallError("read \(byteCount) bytes into memory", file: path, code: ENOMEM)
  }
  return UnsafeMutableRawBufferPointer(start: base, count: max(1, byteCount))
}
