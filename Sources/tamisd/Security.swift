internal import CurveSecurity
internal import DaemonConfiguration
internal import Glibc
internal import TriggerPipeline
internal import ZeroMQ

extension SocketSecurity {
  /// Reads the files that `configuration` names.
  ///
  /// - Throws: `SecurityFaults`.
  init(_ configuration: DaemonConfiguration) throws(SecurityFaults) {
    try self.init(SecurityFiles(configuration))
    connectionCountMax = configuration.pipeline.security.connectionCountMax
    handshakeTimeoutMs = configuration.pipeline.security.handshakeTimeoutMs
  }
}

extension SecurityFiles {
  fileprivate init(_ configuration: DaemonConfiguration) {
    let folder = getenv("CREDENTIALS_DIRECTORY").map { String(cString: $0) }
    let security = configuration.security
    func file(_ text: String?) -> KeyFile? { text.map { KeyFile($0, credentialsFolder: folder) } }
    self.init(
      keyPair: file(security.keyPair), clients: file(security.clients),
      servers: file(security.servers),
      connects: configuration.pipeline.allConnects)
  }
}

extension SocketSecurity {
  /// One line for the log and for `--check`.
  var summary: String {
    guard let keys else {
      return "security: sockets are plain: who reaches a port may use it"
    }
    return "security: CURVE, public key \(keys.publicKey.text), "
      + "\(clients.count) clients may connect"
  }
}
