internal import CZeroMQ

/// Whether a socket can receive or send without blocking.
package struct Readiness: OptionSet, Sendable {
  /// The bits as the library has them.
  package let rawValue: Int16

  /// Creates a set from its bits.
  package init(rawValue: Int16) { self.rawValue = rawValue }

  /// A message can be received.
  package static let receivable = Readiness(rawValue: Int16(ZMQ_POLLIN))
  /// A message can be sent.
  package static let sendable = Readiness(rawValue: Int16(ZMQ_POLLOUT))
}

/// Waits for any of several sockets at once.
///
/// The table is allocated once, `wait` allocates nothing; the library's own table is on its stack
/// for up to 16 entries. Sockets stay alive as long as the poller. One thread at a time.
package final class Poller {
  private let entries: UnsafeMutableBufferPointer<zmq_pollitem_t>
  private let sockets: [Socket]

  /// Watches `sockets` for `readiness`; their order gives the indices used below.
  package init(_ sockets: [Socket], for readiness: Readiness = .receivable) {
    self.sockets = sockets
    entries = .allocate(capacity: sockets.count)
    for (index, socket) in sockets.enumerated() {
      entries.initializeElement(
        at: index,
        to: zmq_pollitem_t(socket: socket.pointer, fd: 0, events: readiness.rawValue, revents: 0))
    }
  }

  deinit { entries.deallocate() }

  /// Waits until something is ready, at most `timeoutMs` (0 looks only, -1 waits without limit).
  ///
  /// An interruption by a signal does not lengthen the wait.
  /// - Returns: the number of ready sockets; 0 at the timeout.
  @_noAllocation @_noLocks
  package func wait(timeoutMs: Int) throws(ZeroMQError) -> Int {
    let deadlineMs = timeoutMs > 0 ? tamis_zmq_monotonic_ms() + Int64(timeoutMs) : 0
    let first = entries.baseAddress
    let count = CInt(truncatingIfNeeded: entries.count)
    let ready = try attempt(.poll) {
      if timeoutMs <= 0 { return zmq_poll(first, count, timeoutMs) }
      return zmq_poll(first, count, max(0, Int(deadlineMs - tamis_zmq_monotonic_ms())))
    }
    return Int(ready ?? 0)
  }

  /// The readiness of socket `index` at the last `wait`.
  @_noAllocation @_noLocks
  package func readiness(at index: Int) -> Readiness {
    let count = entries.count
    precondition(index >= 0 && index < count)
    return Readiness(rawValue: entries[index].revents)
  }
}

@available(*, unavailable)
extension Poller: Sendable {}
