internal import Synchronization

/// The limits on what the peers of a guarded socket may send before they are cut off. The library
/// bounds single parts and counts of whole messages, but not the parts of a message, and not bytes
/// that the socket has no use for.
package enum PeerLimits: Sendable {
  /// Nothing is watched.
  case none
  /// Peers that have little to say, such as subscribers: more than `burstByteCount` at once, or
  /// `bytesPerSecond` for long, is too much.
  case trickle(burstByteCount: Int, bytesPerSecond: Int)
  /// Peers that send whole messages, which `marks` tells the delivery of: `undeliveredByteCount`
  /// that do not become a message are too much, and so is more than `memoryByteCount` of the process
  /// for all peers together.
  case stream(DeliveryMarks, undeliveredByteCount: Int, memoryByteCount: Int)
}

/// How far the owner of a socket has read its peers' messages, for the thread that guards it.
package final class DeliveryMarks: Sendable {
  /// Changes when a whole message of the connection with that descriptor was taken.
  private let marks: [DescriptorMark]
  private let emptyLooks = Atomic<UInt64>(0)
  private let marksAll = Atomic<Bool>(false)
  private let held = Atomic<Int>(0)

  /// Descriptors above this share marks: a connection is then believed to deliver when another does.
  private static let descriptorCount = 4_096

  /// Nothing was delivered yet.
  package init() { marks = (0..<Self.descriptorCount).map { _ in DescriptorMark() } }

  /// Whether each message is to be marked, and not only some.
  package var wantsAll: Bool { marksAll.load(ordering: .acquiring) }

  /// A whole message of this connection was taken; all that it sent before has been, too.
  package func mark(_ descriptor: Int) {
    guard descriptor >= 0 else { return }
    marks[descriptor % Self.descriptorCount].value.wrappingAdd(1, ordering: .releasing)
  }

  /// No whole message waited.
  package func noteEmpty() { emptyLooks.wrappingAdd(1, ordering: .releasing) }

  /// Connections that have ended ten seconds ago or earlier and that the library has not let go of, as of
  /// the last look: requests of theirs wait to be taken, or never will be.
  package var heldCount: Int { held.load(ordering: .acquiring) }

  func noteHeld(_ count: Int) { held.store(count, ordering: .releasing) }

  func mark(of descriptor: Int) -> UInt32 {
    marks[descriptor % Self.descriptorCount].value.load(ordering: .acquiring)
  }

  var emptyLookCount: UInt64 { emptyLooks.load(ordering: .acquiring) }

  func wantAll(_ all: Bool) { marksAll.store(all, ordering: .releasing) }
}

private final class DescriptorMark: Sendable {
  let value = Atomic<UInt32>(0)
}

/// Why a connection was cut off. The raw values are for metrics.
package enum CutReason: String, CaseIterable, Sendable {
  /// It sent more than a peer of this socket has to say, or parts that never became a message.
  case flood
  /// Input took more memory than it may, and this connection had brought the most.
  case memory
  /// It delayed the other receivers.
  case slow
  /// All places were taken, and it had been idle longest when another peer came.
  case idle
}

/// Connections that were cut off for one reason, at one socket.
package struct ConnectionCut: Equatable, Sendable {
  /// The name that the socket is guarded under.
  package var socket: String
  /// Why.
  package var reason: CutReason
  /// How many there were since the last report.
  package var count: Int
  /// The last one's address.
  package var address: String
}
