internal import Crypto

/// The SHA-256 of bytes that come piece by piece, such as of a file while it is written.
public struct SHA256Stream: Sendable {
  private var hash = SHA256()

  /// Begins with no bytes.
  public init() {}

  /// Adds the next piece.
  public mutating func update(_ piece: UnsafeRawBufferPointer) {
    hash.update(bufferPointer: piece)
  }

  /// The digest of all pieces so far; more may follow.
  public func digest() -> SHA256Digest { SHA256Digest(bytes: Array(hash.finalize())) }
}

extension SHA256Digest {
  /// Takes 32 bytes that are a digest already.
  init(bytes: [UInt8]) {
    precondition(bytes.count == 32)
    self.bytes = bytes
  }
}
