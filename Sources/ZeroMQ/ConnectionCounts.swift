internal import Synchronization

/// The counts of a socket's connections, readable by any thread.
package final class ConnectionCounts: Sendable {
  /// The figures of one moment.
  package struct Figures: Equatable, Sendable {
    /// Connections that exist, those that still shake hands included.
    package var open = 0
    /// Connections that are past their handshake, as far as the library tells.
    package var established = 0
    /// Handshakes that succeeded.
    package var accepted: UInt64 = 0
    /// Handshakes that failed, by reason; reasons that never came are missing.
    package var failed: [HandshakeFailure.Reason: UInt64] = [:]
    /// Connections that were cut off, by reason; reasons that never came are missing.
    package var cut: [CutReason: UInt64] = [:]
  }

  /// The name that the socket is guarded under.
  package let socket: String
  private let current = Mutex(Figures())

  init(socket: String) { self.socket = socket }

  /// The figures now.
  package var figures: Figures { current.withLock { $0 } }

  func add(_ reason: HandshakeFailure.Reason, count: Int = 1) {
    current.withLock { $0.failed[reason, default: 0] += UInt64(count) }
  }

  func add(_ reason: CutReason) { current.withLock { $0.cut[reason, default: 0] += 1 } }

  func addAccepted() { current.withLock { $0.accepted += 1 } }

  func set(open: Int, established: Int) {
    current.withLock {
      $0.open = open
      $0.established = established
    }
  }
}
