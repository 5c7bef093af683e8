internal import DurableFiles
package import ZeroMQ

extension KeyFile {
  /// One line of a list of public keys.
  package struct ListedKey {
    package var key: CurveKey
    /// The rest of the line; may be empty.
    package var name: String
    var line: Int
  }

  /// Keys in a list at most.
  private static let listedKeyCountMax = 10_000

  /// Reads public keys, one `KEY  name` a line. Empty lines and those that begin with # are left out
  /// (no key begins so).
  package func readList() throws -> [ListedKey] {
    var listed: [ListedKey] = []
    let lines = try readText(isSecret: false).split(
      omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    for (index, line) in lines.enumerated() {
      let words = trimmed(line)
      if words.isEmpty || words.hasPrefix("#") { continue }
      let first = words.prefix { !$0.isWhitespace }
      guard let key = CurveKey(String(first)) else {
        throw FileFault(
          file: name, place: "line \(index + 1)",
          found: words.hasPrefix("secret-key")
            ? "a secret key" : "a line that does not begin with a CURVE key",
          expected: "`KEY  name`, KEY being 40 characters of Z85",
          remedy: "write here the line in FILE.public of `tamis keygen`")
      }
      listed.append(
        ListedKey(
          key: key, name: String(trimmed(words.dropFirst(first.count))), line: index + 1))
      guard listed.count <= Self.listedKeyCountMax else {
        throw FileFault(
          file: name, place: "line \(index + 1)", found: "more keys",
          expected: "at most \(Self.listedKeyCountMax)")
      }
    }
    return listed
  }

  /// Reads the clients that may connect: their public keys with their names. With an empty list no
  /// client may connect.
  ///
  /// - Throws: `FileFault` or `SystemCallError`.
  package func readClients() throws -> [CurveKey: String] {
    var clients: [CurveKey: String] = [:]
    for listed in try readList() {
      if clients.updateValue(listed.name, forKey: listed.key) != nil {
        throw repeated(listed, "the key \(listed.key.text) again")
      }
    }
    return clients
  }

  /// Reads the keys of the servers to connect to: `KEY  ADDRESS` for one address, and one line with
  /// no address (any other name) for all that are not listed.
  ///
  /// - Throws: `FileFault` or `SystemCallError`.
  package func readServers() throws -> ServerKeys {
    var servers = ServerKeys()
    for listed in try readList() {
      if listed.name.contains("://") {
        if servers.byAddress.updateValue(listed.key, forKey: listed.name) != nil {
          throw repeated(listed, "the address \(listed.name) again")
        }
      } else {
        if servers.others != nil {
          throw repeated(listed, "a second key without an address")
        }
        servers.others = listed.key
      }
    }
    return servers
  }

  private func repeated(_ listed: ListedKey, _ found: String) -> FileFault {
    FileFault(
      file: name, place: "line \(listed.line)", found: found, expected: "it once",
      remedy: "remove one of the lines")
  }
}

private func trimmed(_ text: Substring) -> Substring {
  var rest = text.drop { $0.isWhitespace }
  while rest.last?.isWhitespace == true { rest.removeLast() }
  return rest
}

/// The public keys of servers.
package struct ServerKeys: Equatable, Sendable {
  /// By the address that is connected to, as it is written there.
  package var byAddress: [String: CurveKey] = [:]
  /// The key of all other servers.
  package var others: CurveKey?

  /// `others` for every server.
  package init(others: CurveKey? = nil) { self.others = others }

  /// The key of the server at `address`.
  package subscript(address: String) -> CurveKey? { byAddress[address] ?? others }
}
