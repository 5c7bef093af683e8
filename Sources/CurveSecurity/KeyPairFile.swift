internal import DurableFiles
package import ZeroMQ

extension KeyFile {
  /// Reads a key pair: a certificate as `tamis keygen`, pyzmq's `zmq.auth` and CZMQ write them, with
  /// the lines `public-key = "KEY"` and `secret-key = "KEY"`.
  ///
  /// - Throws: `FileFault` or `SystemCallError`; the text never holds a secret.
  package func readKeyPair() throws -> CurveKeyPair {
    let text = try readText(isSecret: true)
    let publicKey = try certificateKey("public-key", in: text)
    guard let secretKey = try certificateKey("secret-key", in: text) else {
      throw FileFault(
        file: name, found: "no secret-key", expected: "a key pair",
        remedy: "name the file that `tamis keygen` wrote, not its .public")
    }
    let pair = try CurveKeyPair(secretKey: secretKey)
    if let publicKey, publicKey != pair.publicKey {
      throw FileFault(
        file: name, found: "a public-key that does not belong to the secret-key",
        expected: "the two of one pair", remedy: "make a new pair with `tamis keygen`")
    }
    return pair
  }

  private func certificateKey(_ field: String, in text: String) throws -> CurveKey? {
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    for (index, line) in lines.enumerated() {
      guard let value = certificateValue(field, in: line) else { continue }
      guard let key = CurveKey(value) else {
        throw FileFault(
          file: name, place: "line \(index + 1)", found: "a \(field) that is no CURVE key",
          expected: "40 characters of Z85 in quotes")
      }
      return key
    }
    return nil
  }
}

/// The value of `field` where `line` has it.
private func certificateValue(_ field: String, in line: Substring) -> String? {
  let words = line.drop { $0.isWhitespace }
  guard words.hasPrefix(field) else { return nil }
  let rest = words.dropFirst(field.count).drop { $0.isWhitespace }
  guard rest.first == "=" else { return nil }
  let isMargin = { (character: Character) in
    character.isWhitespace || character == "\"" || character == "'"
  }
  let value = rest.dropFirst().drop(while: isMargin)
  return String(value.prefix { !isMargin($0) })
}

/// Writes a new pair: the certificate to `path`, mode 0600 from the first moment, and the line
/// `KEY  name` of its public key to `path.public`.
///
/// - Parameters:
///   - name: who the key is for; one line.
/// - Throws: `FileFault` where one of the files exists and `replacing` is false, or
///   `SystemCallError`.
package func writeKeyPair(
  _ pair: CurveKeyPair, to path: String, name: String, replacing: Bool
) throws {
  precondition(!name.contains("\n"))
  // Two at once would leave the secret key of one beside the public key of the other.
  let folder = try HeldFolder(folder(of: path))
  defer { withExtendedLifetime(folder) {} }
  try refuseExisting(path, unless: replacing)
  try refuseExisting("\(path).public", unless: replacing)
  let certificate = """
    # CURVE key pair of \(name), made by tamis keygen. The secret key is in it: keep this file to
    # yourself, mode 0600. What others need is in the file with .public at the end.
    metadata
        name = "\(name)"
    curve
        public-key = "\(pair.publicKey.text)"
        secret-key = "\(pair.secretKey.text)"

    """
  // Both have their bytes on the disk before one gets its name: a full disk leaves neither.
  var file = try ReplacedFile(path, replacing: replacing, isPrivate: true)
  var publicFile = try ReplacedFile("\(path).public", replacing: replacing)
  let bytes = Array(certificate.utf8)
  try bytes.withUnsafeBytes { try file.write($0) }
  let line = Array("\(pair.publicKey.text)  \(name)\n".utf8)
  try line.withUnsafeBytes { try publicFile.write($0) }
  try file.commit()
  try publicFile.commit()
}
