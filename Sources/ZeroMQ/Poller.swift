internal import CZeroMQ

/// What a socket or descriptor can do without blocking.
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

/// Waits for any of several sockets (and plain file descriptors) at once.
///
/// The table is allocated once, `wait` allocates nothing; the library's own table is on its stack
/// for up to 16 entries. Sockets stay alive as long as the poller. One thread at a time.
package final class Poller {
  /// What is watched, and for what.
  package enum Source {
    case socket(Socket, Readiness)
    case descriptor(CInt, Readiness)
  }

  private let entries: UnsafeMutableBufferPointer<zmq_pollitem_t>
  private let sources: [Source]

  /// Watches `sources`; their order gives the indices used below.
  package init(_ sources: [Source]) {
    self.sources = sources
    entries = .allocate(capacity: sources.count)
    for (index, source) in sources.enumerated() {
      entries.initializeElement(at: index, to: source.entry)
    }
  }

  deinit { entries.deallocate() }

  /// Waits until something is ready, at most `timeoutMs` (0 looks only, -1 waits without limit).
  ///
  /// An interruption by a signal does not lengthen the wait.
  /// - Returns: the number of ready sources; 0 at the timeout.
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

  /// What source `index` was ready for at the last `wait`.
  @_noAllocation @_noLocks
  package func readiness(at index: Int) -> Readiness {
    let count = entries.count
    precondition(index >= 0 && index < count)
    return Readiness(rawValue: entries[index].revents)
  }

  /// Changes what source `index` is watched for from the next `wait` on; empty pauses it.
  @_noAllocation @_noLocks
  package func watch(at index: Int, for readiness: Readiness) {
    let count = entries.count
    precondition(index >= 0 && index < count)
    entries[index].events = readiness.rawValue
  }
}

@available(*, unavailable)
extension Poller: Sendable {}

extension Poller.Source {
  fileprivate var entry: zmq_pollitem_t {
    switch self {
    case .socket(let socket, let readiness):
      zmq_pollitem_t(socket: socket.pointer, fd: 0, events: readiness.rawValue, revents: 0)
    case .descriptor(let descriptor, let readiness):
      zmq_pollitem_t(socket: nil, fd: descriptor, events: readiness.rawValue, revents: 0)
    }
  }
}
