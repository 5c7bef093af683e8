internal import Synchronization

/// The state of a socket's sending, shared by its owner and the thread that guards it.
package final class ReceiverPressure: Sendable {
  private let refused = Atomic<UInt64>(0)
  private let demand = Atomic<UInt64>(0)
  private let gone = Atomic<UInt64>(0)
  private let slowGone = Atomic<UInt64>(0)
  private let looked = Atomic<UInt64>(0)
  private let connected = Atomic<Int>(0)
  private let unsent = Atomic<Int>(0)
  private let unwanted = Mutex<[Int]>([])
  /// How long one receiver may hold up the others.
  let limitMs: Int64

  /// - Parameters:
  ///   - limitMs: how long one receiver may hold up the others.
  package init(limitMs: Int) { self.limitMs = Int64(limitMs) }

  /// A send was refused since a queue is full.
  package func noteRefusal() { refused.wrappingAdd(1, ordering: .relaxed) }

  /// There was something to send, whether a receiver took it or not.
  package func noteDemand() { demand.wrappingAdd(1, ordering: .relaxed) }

  /// Changes when peers that had got in have gone, other than those of `slowGoneCount`.
  package var goneCount: UInt64 { gone.load(ordering: .acquiring) }

  /// Receivers that were cut off since they held up the others, and have gone.
  package var slowGoneCount: UInt64 { slowGone.load(ordering: .acquiring) }

  /// The number of looks at the connections since the start. Connections that went before a look
  /// began are counted in `goneCount` when it is over.
  package var lookCount: UInt64 { looked.load(ordering: .acquiring) }

  /// Connections past their handshake, as far as the library tells.
  package var connectionCount: Int { connected.load(ordering: .acquiring) }

  /// Bytes that the kernel still had to send at the last look, over all connections.
  package var unsentByteCount: Int { unsent.load(ordering: .acquiring) }

  /// Asks the guarding thread to cut off a connection that takes more than its share.
  package func cut(_ descriptor: Int) { unwanted.withLock { $0.append(descriptor) } }

  var demandCount: UInt64 { demand.load(ordering: .relaxed) }

  var refusalCount: UInt64 { refused.load(ordering: .relaxed) }

  func noteGone() { gone.wrappingAdd(1, ordering: .releasing) }

  func noteSlowGone() { slowGone.wrappingAdd(1, ordering: .releasing) }

  func noteLook(connections: Int, unsentByteCount: Int) {
    connected.store(connections, ordering: .releasing)
    unsent.store(unsentByteCount, ordering: .releasing)
    looked.wrappingAdd(1, ordering: .acquiringAndReleasing)
  }

  func takeUnwanted() -> [Int] {
    unwanted.withLock { list in
      defer { list = [] }
      return list
    }
  }
}
