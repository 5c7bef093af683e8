internal import Glibc

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
