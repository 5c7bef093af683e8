internal import DurableFiles
package import ZeroMQ

/// How the sockets of a program are protected.
package struct SocketSecurity: Sendable {
  /// The program's own key pair; nil leaves all sockets plain.
  package var keys: CurveKeyPair?
  /// The clients that may connect to sockets that bind, with their names.
  package var clients: [CurveKey: String] = [:]
  /// The file of `clients`, to read it again.
  package var clientsFile: KeyFile?
  /// The keys of the servers that sockets connect to.
  package var servers = ServerKeys()
  /// Peers that may be connected to a bound socket at a time.
  package var connectionCountMax = 64
  /// The longest time that a handshake may take.
  package var handshakeTimeoutMs = 5_000
  /// Peers that may shake hands with a bound socket at a time.
  package var handshakeCountMax = 512

  /// Plain sockets with the default limits.
  package init() {}

  /// Reads the files.
  ///
  /// - Throws: `SecurityFaults`, with all that is wrong with them.
  package init(_ files: SecurityFiles) throws(SecurityFaults) {
    var faults: [String] = []
    func reading<Value>(_ file: KeyFile?, _ read: (KeyFile) throws -> Value) -> Value? {
      guard let file else { return nil }
      do { return try read(file) } catch {
        faults.append("\(error)")
        return nil
      }
    }
    keys = reading(files.keyPair) { try $0.readKeyPair() }
    clients = reading(files.clients) { try $0.readClients() } ?? [:]
    clientsFile = files.clients
    let known = reading(files.servers) { try $0.readServers() }
    servers = known ?? ServerKeys()
    if let file = files.servers, let known {
      for address in files.connects where known[address] == nil {
        faults.append(
          FileFault(
            file: file.name, found: "no key for \(address)",
            expected: "a line `KEY  \(address)`, or one without an address",
            remedy: "ask the operators of that server for its public key"
          ).description)
      }
    }
    if !faults.isEmpty { throw SecurityFaults(faults: faults) }
  }
}

/// The files of a program's keys and peers.
package struct SecurityFiles: Sendable {
  /// Its own key pair.
  package var keyPair: KeyFile?
  /// The clients that may connect.
  package var clients: KeyFile?
  /// The servers' keys.
  package var servers: KeyFile?
  /// The addresses that sockets connect to, which all need a server's key.
  package var connects: [String]

  /// Names the files; nil for none.
  package init(
    keyPair: KeyFile?, clients: KeyFile? = nil, servers: KeyFile? = nil, connects: [String] = []
  ) {
    self.keyPair = keyPair
    self.clients = clients
    self.servers = servers
    self.connects = connects
  }
}

/// All that is wrong with the files of keys. Never empty.
package struct SecurityFaults: Error, Equatable, Sendable, CustomStringConvertible {
  /// A sentence each.
  package var faults: [String]

  /// A line each.
  package var description: String { faults.joined(separator: "\n") }
}
