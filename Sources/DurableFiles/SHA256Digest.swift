/// The SHA-256 of some bytes.
public struct SHA256Digest: Hashable, Sendable, CustomStringConvertible {
  /// The 32 bytes.
  public let bytes: [UInt8]

  /// Takes 32 bytes that are a digest already.
  init(bytes: [UInt8]) {
    precondition(bytes.count == 32)
    self.bytes = bytes
  }

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

  /// The digest that `description` gives as 64 hexadecimal digits in lower case; nil for other text.
  package init?(hexadecimal text: String) {
    guard isLowercaseHexadecimal(text, digitCount: 64) else { return nil }
    let digits = text.utf8.map { $0 < UInt8(ascii: "a") ? $0 - 48 : $0 - 87 }
    bytes = stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
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

/// The four bytes of a schema as eight hexadecimal digits.
///
/// A schema is the first four bytes of a SHA-256; a record holds them as a little-endian u32. The
/// text has the bytes in their order, so that it is the first eight digits of the digest:
/// the bytes 9f 2c 01 aa are `9f2c01aa`, and 0xaa012c9f as an integer.
package func schemaText(_ schema: UInt32) -> String {
  let digits = String(schema.byteSwapped, radix: 16)
  return String(repeating: "0", count: 8 - digits.count) + digits
}

/// The schema of eight hexadecimal digits in lower case, or nil for any other text.
package func schema(fromText text: String) -> UInt32? {
  guard isLowercaseHexadecimal(text, digitCount: 8) else { return nil }
  return UInt32(text, radix: 16)?.byteSwapped
}

/// Whether `text` is `digitCount` hexadecimal digits in lower case.
private func isLowercaseHexadecimal(_ text: String, digitCount: Int) -> Bool {
  text.utf8.count == digitCount
    && text.utf8.allSatisfy {
      (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
        || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
    }
}
