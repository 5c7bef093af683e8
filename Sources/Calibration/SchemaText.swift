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
func isLowercaseHexadecimal(_ text: String, digitCount: Int) -> Bool {
  text.utf8.count == digitCount
    && text.utf8.allSatisfy {
      (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
        || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
    }
}
