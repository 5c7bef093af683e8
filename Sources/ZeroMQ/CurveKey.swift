internal import CZeroMQ

/// A CURVE key of 32 bytes, public or secret.
///
/// It prints as "CurveKey" without the content, so that a secret does not slip into a log.
package struct CurveKey: Hashable, Sendable, CustomStringConvertible {
  /// The 32 bytes.
  package let bytes: [UInt8]

  /// A key from its 40 characters of Z85 text, or nil where `text` is not such a key.
  package init?(_ text: String) {
    var decoded = [UInt8](repeating: 0, count: 32)
    guard text.utf8.count == 40, !text.utf8.contains(0), zmq_z85_decode(&decoded, text) != nil
    else { return nil }
    bytes = decoded
  }

  /// A key from its 32 bytes, or nil where there are more or fewer.
  package init?(bytes: some Collection<UInt8>) {
    guard bytes.count == 32 else { return nil }
    self.bytes = Array(bytes)
  }

  /// The 40 characters of Z85 text.
  package var text: String {
    var characters = [CChar](repeating: 0, count: 41)
    zmq_z85_encode(&characters, bytes, bytes.count)
    return Self.text(characters)
  }

  /// The text in 40 characters and a zero, as the library writes them.
  fileprivate static func text(_ characters: [CChar]) -> String {
    String(decoding: characters.prefix(40).map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// "CurveKey".
  package var description: String { "CurveKey" }
}

/// A public CURVE key and the secret one that belongs to it.
package struct CurveKeyPair: Hashable, Sendable {
  /// For the peers.
  package let publicKey: CurveKey
  /// For the owner alone.
  package let secretKey: CurveKey

  /// Joins two keys that belong together.
  package init(publicKey: CurveKey, secretKey: CurveKey) {
    self.publicKey = publicKey
    self.secretKey = secretKey
  }

  /// The pair that `secretKey` belongs to.
  package init(secretKey: CurveKey) throws(ZeroMQError) {
    var publicText = [CChar](repeating: 0, count: 41)
    guard zmq_curve_public(&publicText, secretKey.text) == 0,
      let key = CurveKey(CurveKey.text(publicText))
    else {
      throw .call(.generateKeys, code: zmq_errno())
    }
    self.init(publicKey: key, secretKey: secretKey)
  }

  /// A new random pair. Fails where the library was built without CURVE.
  package static func generate() throws(ZeroMQError) -> CurveKeyPair {
    var publicText = [CChar](repeating: 0, count: 41)
    var secretText = [CChar](repeating: 0, count: 41)
    guard zmq_curve_keypair(&publicText, &secretText) == 0 else {
      throw .call(.generateKeys, code: zmq_errno())
    }
    guard let publicKey = CurveKey(CurveKey.text(publicText)),
      let secretKey = CurveKey(CurveKey.text(secretText))
    else {
      throw .call(.generateKeys, code: EINVAL)
    }
    return CurveKeyPair(publicKey: publicKey, secretKey: secretKey)
  }
}
