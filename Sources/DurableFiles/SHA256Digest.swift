/// The SHA-256 of some bytes.
public struct SHA256Digest: Hashable, Sendable, CustomStringConvertible {
  /// The 32 bytes.
  public let bytes: [UInt8]

  /// Hashes `content`.
  public init(of content: UnsafeRawBufferPointer) {
    var hash = SHA256Stream()
    hash.update(content)
    self = hash.digest()
  }

  /// Hashes the UTF-8 bytes of `text`.
  public init(of text: String) {
    var text = text
    self = text.withUTF8 { SHA256Digest(of: UnsafeRawBufferPointer($0)) }
  }

  /// Hashes a whole file.
  public init(ofFile path: String) throws(SystemCallError) {
    // The mapping ends with the object, and only this call keeps the object.
    let file = try MappedFile(path)
    self = withExtendedLifetime(file) { SHA256Digest(of: file.bytes) }
  }

  /// The first four bytes as a little-endian integer, the short form that records carry.
  public var prefix: UInt32 {
    bytes.prefix(4).reversed().reduce(0) { $0 << 8 | UInt32($1) }
  }

  /// 64 hexadecimal digits, lower case.
  public var description: String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
