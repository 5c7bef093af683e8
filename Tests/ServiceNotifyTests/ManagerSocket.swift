import Glibc

/// The receiving end: a datagram socket as the service manager has it.
final class ManagerSocket: Sendable {
  /// What goes into NOTIFY_SOCKET.
  let name: String
  private let descriptor: CInt
  private let path: String?

  /// Binds an abstract name, or a path of a new name in the temporary folder.
  init(abstract: Bool) throws {
    let unique = "tamis-notify-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    path = abstract ? nil : "/tmp/\(unique)"
    name = path ?? "@\(unique)"
    descriptor = socket(
      AF_UNIX, CInt(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = abstract ? [0] + Array(unique.utf8) : Array(name.utf8)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
    let bound = withUnsafePointer(to: address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
    }
    if bound != 0 { throw BindFailed(code: errno) }
  }

  deinit {
    close(descriptor)
    if let path { unlink(path) }
  }

  /// The next datagram, or nil where none waits.
  func receive() -> String? {
    var bytes = [UInt8](repeating: 0, count: 8192)
    let count = recv(descriptor, &bytes, bytes.count, 0)
    return count < 0 ? nil : String(decoding: bytes[..<count], as: UTF8.self)
  }

  struct BindFailed: Error { var code: CInt }
}
