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

  /// Where the datagrams go, as `NOTIFY_SOCKET` has it.
  package let socketName: String

  /// The socket that they leave by, close-on-exec.
  package let descriptor: CInt

  private let address: NotifyAddress

  /// The notifier that `environment` asks for, or nil where it names no socket.
  ///
  /// - Parameters:
  ///   - environment: `NOTIFY_SOCKET`: a path that begins with `/`, or `@` and an abstract name.
  ///     `WATCHDOG_USEC`: the watchdog's interval in microseconds. `WATCHDOG_PID`: the one process
  ///     that it is meant for.
  ///   - process: the process that `WATCHDOG_PID` may mean; this one where nil.
  /// - Throws: `NotifyFailure` where the name cannot be used or there is no socket to be had.
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

  /// The configuration is being loaded again; `ready(status:)` must follow, whatever comes of it.
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

  /// The pipeline makes progress, or idles soundly. To be called because of that, never because of
  /// a timer alone.
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

/// The manager reads at most 4096 bytes a datagram and takes a message line by line: a status has no
/// line breaks and a bounded length.
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
