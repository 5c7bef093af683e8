internal import Glibc

/// Tells the service manager the state of the daemon, by the datagrams of sd_notify(3).
///
/// It exists where systemd (or another manager that follows its protocol) has named a socket in the
/// environment. Otherwise it is nil, and `notifier?.ready()` does nothing. No call blocks and none
/// throws: a manager that does not listen must not stop the stream. A failure is a value that the
/// caller may log.
package final class ServiceNotifier: Sendable {
  /// Nanoseconds after which the manager takes the daemon for stuck unless `watchdog()` was called;
  /// nil where it does not watch. Call it at half that interval or more often.
  package let watchdogIntervalNs: UInt64?

  /// The socket that gets the datagrams, as `NOTIFY_SOCKET` names it.
  package let socketName: String

  /// The socket that sends them, close-on-exec.
  package let descriptor: CInt

  private let address: NotifyAddress

  /// The notifier that `environment` asks for, or nil where it names no socket.
  ///
  /// - Parameters:
  ///   - environment: `NOTIFY_SOCKET`: a path that begins with `/`, or `@` and an abstract name.
  ///     `WATCHDOG_USEC`: the watchdog's interval in microseconds. `WATCHDOG_PID`: the one process
  ///     that it is meant for.
  ///   - process: the process that `WATCHDOG_PID` may mean; this one where nil.
  /// - Throws: `NotifyFailure` where the name cannot be used or no socket can be made.
  package init?(
    environment: [String: String], process: Int32? = nil
  ) throws(NotifyFailure) {
    guard let name = environment["NOTIFY_SOCKET"], !name.isEmpty else { return nil }
    guard let address = NotifyAddress(name) else {
      throw NotifyFailure(
        socketName: name,
        explanation: "NOTIFY_SOCKET is neither a path that begins with / nor an abstract name that "
          + "begins with @, or is longer than \(NotifyAddress.nameByteCountMax) bytes")
    }
    let descriptor = socket(
      AF_UNIX, CInt(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
    guard descriptor >= 0 else { throw NotifyFailure(socketName: name, code: errno) }
    self.descriptor = descriptor
    self.address = address
    socketName = name
    watchdogIntervalNs = Self.watchdogIntervalNs(environment, process: process ?? getpid())
  }

  /// The notifier that this process' own environment asks for.
  package convenience init?() throws(NotifyFailure) {
    var environment: [String: String] = [:]
    for name in ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"] {
      environment[name] = getenv(name).map { String(cString: $0) }
    }
    try self.init(environment: environment)
  }

  deinit { close(descriptor) }

  /// The daemon has a model and a calibration and takes events: at the start, and at the end of a
  /// reload.
  @discardableResult
  package func ready(status: String) -> NotifyFailure? {
    send("READY=1\n\(statusLine(status))")
  }

  /// The configuration is being loaded again; `ready(status:)` must follow, also after a failure.
  @discardableResult
  package func reloading() -> NotifyFailure? {
    // The time lets the manager tell this reload from an older one.
    send("RELOADING=1\nMONOTONIC_USEC=\(monotonicUs())")
  }

  /// The daemon drains and ends.
  ///
  /// - Parameter timeoutNs: how long that may take from now on; it extends `TimeoutStopSec` of the
  ///   unit where that is shorter.
  @discardableResult
  package func stopping(withinNs timeoutNs: UInt64) -> NotifyFailure? {
    send("STOPPING=1\nEXTEND_TIMEOUT_USEC=\(timeoutNs / 1000)\n\(statusLine("draining"))")
  }

  /// One line for people, shown by `systemctl status`.
  @discardableResult
  package func status(_ text: String) -> NotifyFailure? { send(statusLine(text)) }

  /// The pipeline makes progress, or has nothing to do. Call it after checking that, never from a
  /// timer alone.
  @discardableResult
  package func watchdog() -> NotifyFailure? { send("WATCHDOG=1") }

  private func send(_ message: String) -> NotifyFailure? {
    var text = message
    let code = text.withUTF8 { bytes -> CInt in
      address.withAddress { address, length in
        while true {
          let flags = CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT)
          let sent = sendto(descriptor, bytes.baseAddress, bytes.count, flags, address, length)
          let code = errno
          if sent >= 0 { return 0 }
          if code != EINTR { return code }
        }
      }
    }
    return code == 0 ? nil : NotifyFailure(socketName: socketName, code: code)
  }

  private static func watchdogIntervalNs(
    _ environment: [String: String], process: Int32
  ) -> UInt64? {
    if let wanted = environment["WATCHDOG_PID"], Int32(wanted) != process { return nil }
    guard let text = environment["WATCHDOG_USEC"], let interval = UInt64(text), interval > 0,
      interval <= .max / 1000
    else { return nil }
    return interval * 1000
  }
}

/// The manager reads at most 4096 bytes a datagram and takes a message line by line: a status has
/// no line breaks and a bounded length.
private func statusLine(_ text: String) -> String {
  var line = "STATUS="
  let byteCountMax = 1024
  for scalar in text.unicodeScalars {
    let kept: Unicode.Scalar = scalar.value < 0x20 || scalar.value == 0x7F ? " " : scalar
    if line.utf8.count + UTF8.width(kept) > byteCountMax { break }
    line.unicodeScalars.append(kept)
  }
  return line
}

private func monotonicUs() -> UInt64 {
  var now = timespec()
  clock_gettime(CLOCK_MONOTONIC, &now)
  return UInt64(now.tv_sec) * 1_000_000 + UInt64(now.tv_nsec) / 1000
}

/// The address of a notification socket: unix(7), by path or abstract.
struct NotifyAddress: Sendable {
  /// Bytes of the longest name: a path needs its terminating zero within `sun_path`.
  static let nameByteCountMax = MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1

  private let address: sockaddr_un
  private let length: socklen_t

  /// nil where `name` is neither an absolute path nor `@` with a name, or too long.
  init?(_ name: String) {
    let bytes = Array(name.utf8)
    guard bytes.count > 1, bytes.count <= Self.nameByteCountMax, !bytes.contains(0),
      let first = bytes.first, first == UInt8(ascii: "/") || first == UInt8(ascii: "@")
    else { return nil }
    let isAbstract = first == UInt8(ascii: "@")
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) {
      $0.copyBytes(from: bytes)
      // An abstract name begins with a zero byte in the place of the @.
      if isAbstract { $0[0] = 0 }
    }
    self.address = address
    // The length of an abstract name counts its bytes alone: a trailing zero would be part of it.
    length = socklen_t(
      MemoryLayout<sa_family_t>.size + bytes.count + (isAbstract ? 0 : 1))
  }

  /// Lends the address as the socket calls take it.
  func withAddress<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    withUnsafePointer(to: address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
    }
  }
}

/// Why the service manager could not be notified.
package struct NotifyFailure: Error, Equatable, Sendable, CustomStringConvertible {
  /// The socket, as `NOTIFY_SOCKET` has it.
  package var socketName: String
  /// What was found.
  package var explanation: String

  /// `cannot notify the service manager at /run/systemd/notify: Connection refused`
  package var description: String {
    "cannot notify the service manager at \(socketName): \(explanation)"
  }

  init(socketName: String, explanation: String) {
    self.socketName = socketName
    self.explanation = explanation
  }

  init(socketName: String, code: CInt) {
    self.init(socketName: socketName, explanation: String(cString: strerror(code)))
  }
}
