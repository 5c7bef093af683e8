extension DaemonConfiguration.Security {
  /// The prefix of the name of a file that the service manager provides.
  private static let credentialPrefix = "credential:"

  mutating func read(_ section: SectionReader) {
    keyPair = keyFile("key_pair", section)
    clients = keyFile("clients", section)
    servers = keyFile("servers", section)
    connectionCountMax = section.integer(
      "connections_max", in: 1...10_000, default: connectionCountMax)
    handshakeTimeoutMs = section.integer(
      "handshake_timeout_ms", in: 100...60_000, default: handshakeTimeoutMs)
  }

  /// Whether there are the keys that sockets which bind or connect need.
  func check(_ section: SectionReader, binds: Bool, connects: Bool) {
    if keyPair == nil {
      for (name, file) in [("clients", clients), ("servers", servers)] where file != nil {
        section.report(
          name, found: "a file of keys but no `key_pair`", expected: "keys for both ends",
          remedy: "make a key pair with `tamis keygen` and name it in security.key_pair")
      }
      return
    }
    if binds, clients == nil {
      section.reportMissing(
        "clients", expected: "the file of the keys that may connect, since a socket binds")
    }
    if connects, servers == nil {
      section.reportMissing(
        "servers", expected: "the file of the servers' public keys, since a socket connects")
    }
  }

  private func keyFile(_ name: String, _ section: SectionReader) -> String? {
    let expected = "a path, credential:NAME, or \"\" for none"
    let text = section.text(name, expected: expected, default: "")
    guard text.hasPrefix(Self.credentialPrefix) else {
      return text.isEmpty || section.isUnexpanded(text, of: name) ? nil : text
    }
    let credential = text.dropFirst(Self.credentialPrefix.count)
    if credential.isEmpty || credential.contains("/") {
      section.report(
        name, found: "`\(text)`", expected: "credential:NAME",
        remedy: "NAME is what stands before the colon in LoadCredential=NAME:PATH")
    }
    return text
  }

  /// The same with relative paths resolved.
  func resolved(_ resolve: (String) -> String) -> Self {
    func resolveFile(_ file: String?) -> String? {
      file.map { $0.hasPrefix(Self.credentialPrefix) ? $0 : resolve($0) }
    }
    var copy = self
    copy.keyPair = resolveFile(keyPair)
    copy.clients = resolveFile(clients)
    copy.servers = resolveFile(servers)
    return copy
  }
}
