internal import CZeroMQ
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
  private let sent = Atomic<UInt64>(0)
  private let turns = Mutex(Turns())
  private let arrivals = Mutex<(firstMs: Int64, lastMs: Int64)?>(nil)
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

  /// Notes the number of the record that was sent last.
  package func noteSent(_ number: UInt64) { sent.store(number, ordering: .releasing) }

  /// Notes that the records after `number` are sent again: all receivers may get them.
  package func noteGoneBack(to number: UInt64) {
    sent.store(number, ordering: .releasing)
    turns.withLock { turns in
      turns.lowest = min(turns.lowest ?? .max, number)
      turns.goneAfter = turns.goneAfter.map { min($0, number) }
    }
  }

  /// The number after which records may have been lost with receivers of `goneCount` that have gone since
  /// the last call; 0 where nothing is known.
  package func takeGoneAfter() -> UInt64 {
    turns.withLock { turns in
      defer { turns.goneAfter = nil }
      return turns.goneAfter ?? 0
    }
  }

  /// Whether somebody who is there came less than `ms` ago, and somebody else before.
  package func hasNewcomer(sinceMs ms: Int64) -> Bool {
    guard let (firstMs, lastMs) = arrivals.withLock({ $0 }) else { return false }
    let nowMs = tamis_zmq_monotonic_ms()
    return nowMs - lastMs < ms && nowMs - firstMs >= ms
  }

  /// Asks the guarding thread to cut off a connection that takes more than its share.
  package func cut(_ descriptor: Int) { unwanted.withLock { $0.append(descriptor) } }

  var demandCount: UInt64 { demand.load(ordering: .relaxed) }

  var refusalCount: UInt64 { refused.load(ordering: .relaxed) }

  /// Receivers have gone that had got no record up to `number`.
  func noteGone(after number: UInt64) {
    turns.withLock { $0.goneAfter = min($0.goneAfter ?? .max, number) }
    gone.wrappingAdd(1, ordering: .releasing)
  }

  /// The number of the record that was sent last; lower ones may be sent again.
  var sentNumber: UInt64 { sent.load(ordering: .acquiring) }

  /// The lowest number that was gone back to since the last call.
  func takeLowest() -> UInt64? {
    turns.withLock { turns in
      defer { turns.lowest = nil }
      return turns.lowest
    }
  }

  /// Notes when those who are there came.
  func noteArrivals(_ momentsMs: [Int64]) {
    arrivals.withLock { arrivals in
      guard let firstMs = momentsMs.min(), let lastMs = momentsMs.max() else {
        return arrivals = nil
      }
      arrivals = (firstMs, lastMs)
    }
  }

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

/// Where sending has turned back to, and after which number receivers have lost records.
private struct Turns {
  var lowest: UInt64?
  var goneAfter: UInt64?
}
