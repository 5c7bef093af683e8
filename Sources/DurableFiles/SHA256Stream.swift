internal import COpenSSL

/// The SHA-256 (FIPS 180-4) of bytes that come piece by piece, such as of a file while it is
/// written.
public struct SHA256Stream: ~Copyable {
  private let context: OpaquePointer

  /// Begins with no bytes.
  public init() {
    guard let context = EVP_MD_CTX_new() else { fatalError("out of memory for a SHA-256 context") }
    self.context = context
    require(EVP_DigestInit_ex(context, EVP_sha256(), nil))
  }

  deinit { EVP_MD_CTX_free(context) }

  /// Adds the next piece.
  public mutating func update(_ piece: UnsafeRawBufferPointer) {
    require(EVP_DigestUpdate(context, piece.baseAddress, piece.count))
  }

  /// The digest of all pieces so far; more may follow.
  public func digest() -> SHA256Digest {
    guard let copy = EVP_MD_CTX_new() else { fatalError("out of memory for a SHA-256 context") }
    defer { EVP_MD_CTX_free(copy) }
    require(EVP_MD_CTX_copy_ex(copy, context))
    var bytes = [UInt8](repeating: 0, count: 32)
    require(EVP_DigestFinal_ex(copy, &bytes, nil))
    return SHA256Digest(bytes: bytes)
  }
}

/// libcrypto's digests fail only where its SHA-256 provider is missing from the machine: nothing
/// that a file or a peer sends leads here.
private func require(_ status: CInt) {
  precondition(status == 1, "libcrypto offers no SHA-256 on this machine")
}
