internal import ArgumentParser
internal import CommandFrame
internal import CurveSecurity
internal import Glibc
internal import WorkerThreads
internal import ZeroMQ

/// The endpoint of a command's socket, and the keys for its peers.
struct EndpointOptions: ParsableArguments {
  @Option(help: "Bind this endpoint.")
  var bind: String?

  @Option(help: "Connect to this endpoint.")
  var connect: String?

  @Option(
    help: "Speak CURVE with the key pair in this file, from tamis keygen.", completion: .file())
  var curveKey: String?

  // A key may begin with a hyphen.
  @Option(
    parsing: .unconditional,
    help: "With --connect: the server's public key, or a file with it (the server's .public).",
    completion: .file())
  var curveServerKey: String?

  @Option(
    help: "With --bind: the file of the public keys that may connect, KEY  name a line.",
    completion: .file())
  var curveClients: String?

  /// The one endpoint.
  var endpoint: String { bind ?? connect ?? "" }

  func validate() throws {
    if (bind == nil) == (connect == nil) {
      throw ValidationError("one of --bind and --connect is needed")
    }
    if curveKey == nil, curveServerKey != nil || curveClients != nil {
      throw ValidationError("--curve-server-key and --curve-clients go with --curve-key")
    }
    if curveKey == nil { return }
    if bind != nil, curveClients == nil || curveServerKey != nil {
      throw ValidationError("with --bind, --curve-key wants --curve-clients and no server's key")
    }
    if connect != nil, curveServerKey == nil || curveClients != nil {
      throw ValidationError("with --connect, --curve-key wants --curve-server-key and no clients")
    }
  }

  /// Reads the files. Commands set no limit on the number of peers.
  func security() throws -> SocketSecurity {
    let given = curveServerKey.flatMap { CurveKey($0) }
    var security = try SocketSecurity(
      SecurityFiles(
        keyPair: curveKey.map { KeyFile($0) }, clients: curveClients.map { KeyFile($0) },
        servers: given == nil ? curveServerKey.map { KeyFile($0) } : nil,
        connects: connect.map { [$0] } ?? []))
    if let given { security.servers = ServerKeys(others: given) }
    security.connectionCountMax = 10_000
    return security
  }

  /// Says on stderr where the host of `--connect tcp://HOST:PORT` is not known. It is no error: ZeroMQ
  /// tries again silently as long as the socket lives, and the name may become known.
  func complainOfUnknownHost() {
    guard let connect, connect.hasPrefix("tcp://"), let colon = connect.lastIndex(of: ":") else {
      return
    }
    // A source address may stand before the host.
    let address = connect[connect.index(connect.startIndex, offsetBy: 6)..<colon]
    var host = String(address.split(separator: ";").last ?? "")
    if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
    guard !host.isEmpty else { return }
    var found: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host, nil, nil, &found)
    defer { if let found { freeaddrinfo(found) } }
    if code != 0 {
      complain(
        "\(connect): the host \(host) is not known (\(String(cString: gai_strerror(code)))); "
          + "trying on")
    }
  }
}

/// The one socket of a command, with the thread that lets its peers in. The thread ends and the
/// socket closes when the last reference goes.
final class CommandSocket {
  let socket: Socket
  private let sockets: SecuredSockets
  private var thread: WorkerThread?

  /// Opens `socket`, whose options are set.
  init(_ socket: Socket, at options: EndpointOptions) throws {
    self.socket = socket
    let report: @Sendable (HandshakeFailure) -> Void = { complain($0.sentence) }
    sockets = try SecuredSockets(
      socket.context, try options.security(), report: report)
    _ = try sockets.open(
      socket, as: "socket", bind: options.bind.map { [$0] } ?? [],
      connect: options.connect.map { [$0] } ?? [])
    let opened = sockets
    thread = WorkerThread(name: "tamis-door") {
      do { try opened.run() } catch { complain("peers are no longer let in: \(error)") }
    }
  }

  deinit {
    sockets.stop()
    thread.take()?.join()
  }
}
