internal import DurableFiles

/// The number by which records state their feature names: the first four bytes of the SHA-256 over
/// the names joined by newlines, read as a little-endian integer.
public func schemaPrefix(featureNames: [String]) -> UInt32 {
  SHA256Digest(of: featureNames.joined(separator: "\n")).prefix
}

/// A schema as text: the first eight hexadecimal digits of the SHA-256.
public func schemaDescription(_ schema: UInt32) -> String {
  schemaText(schema)
}
