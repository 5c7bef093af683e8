internal import Glibc

/// A whole file mapped read-only into memory.
///
/// The bytes stay valid as long as the object lives; nothing else keeps it alive, so whoever reads
/// them from a local object does so within `withExtendedLifetime`. A file that another process shortens
/// meanwhile raises SIGBUS on access, as with every mapping: closed segments are never shortened.
public final class MappedFile: @unchecked Sendable {
  /// The path as given.
  public let path: String
  /// The content; page-aligned where not empty.
  public let bytes: UnsafeRawBufferPointer

  /// Maps `path`.
  public init(_ path: String) throws(SystemCallError) {
    let handle = try OpenFile(opening: path, flags: O_RDONLY)
    let byteCount = try handle.byteCount()
    self.path = path
    guard byteCount > 0 else {
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    let address = mmap(nil, byteCount, PROT_READ, MAP_PRIVATE, handle.descriptor, 0)
    guard let address, address != MAP_FAILED else {
      throw SystemCallError("map", file: path)
    }
    bytes = UnsafeRawBufferPointer(start: address, count: byteCount)
  }

  /// Whether the file begins with these bytes.
  public func begins(with prefix: some Collection<UInt8>) -> Bool {
    withExtendedLifetime(self) { bytes.prefix(prefix.count).elementsEqual(prefix) }
  }

  deinit {
    if let base = bytes.baseAddress {
      munmap(UnsafeMutableRawPointer(mutating: base), bytes.count)
    }
  }
}
