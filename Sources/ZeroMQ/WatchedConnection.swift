internal import CZeroMQ

/// A connection of the library's, known by the descriptor that its monitor named.
struct WatchedConnection {
  let descriptor: Int
  /// The socket that the descriptor was when the connection came: a descriptor is given to others
  /// when it is closed, and only the same socket may be touched.
  let inode: UInt64
  let isIncoming: Bool
  /// The peer's address without its port; "" where it has none.
  let address: String
  /// When it came.
  let beganMs: Int64
  /// Whether it was sent more bytes than precede the answer of whether it may come in.
  var isAnswered = false
  /// Bytes that had come in by the last look.
  var receivedByteCount: UInt64 = 0

  // Trickle: bytes above the rate.
  var excess: Double = 0
  var lookedMs: Int64

  // Stream: bytes that had been read when the last whole message was known to be taken.
  var deliveredByteCount: UInt64 = 0
  var mark: UInt32 = 0
  /// Whether a message of it was ever taken.
  var isProven = false
  /// While much has come that has not become a message: how often the socket's owner had found nothing
  /// waiting by then.
  var holderSinceLook: UInt64?
  /// Set while more has come than a message may have, and none was delivered.
  var suspicion: Suspicion?

  // Receivers: bytes that the peer has acknowledged, when it last did, and the looks at which bytes
  // were unsent or not.
  var acknowledgedByteCount: UInt64 = 0
  var progressMs: Int64
  var heldLooks = 0
  var freeLooks = 0

  // Activity: bytes that had come and gone at the last look, and since when they have been no more
  // than heartbeats though there was something to do; nil while it is active.
  private var movedByteCount: UInt64 = 0
  private(set) var idleSinceMs: Int64?
  /// Bytes between two looks that are no heartbeat; the shortest record and request are longer.
  private static let activeByteCountMin: UInt64 = 64

  struct Suspicion {
    var emptyLookCount: UInt64
    var byteCount: UInt64
  }

  /// Nil where the descriptor is no socket any more.
  init?(descriptor: Int, isIncoming: Bool, nowMs: Int64) {
    let inode = connectionIdentity(descriptor)
    if inode == 0 { return nil }
    self.descriptor = descriptor
    self.inode = inode
    self.isIncoming = isIncoming
    address = peerAddress(of: CInt(descriptor))
    beganMs = nowMs
    lookedMs = nowMs
    progressMs = nowMs
  }

  /// The kernel's facts on it; nil where it has gone.
  func look() -> tamis_connection_facts? {
    var facts = tamis_connection_facts()
    guard connectionIdentity(descriptor) == inode,
      tamis_connection_look(CInt(descriptor), &facts) != 0
    else { return nil }
    return facts
  }

  /// Whether one side has ended it, and the library holds it still.
  var isHeldAfterEnd: Bool {
    connectionIdentity(descriptor) == inode && tamis_connection_has_ended(CInt(descriptor)) != 0
  }

  /// Ends the connection; false where it had gone already.
  func cut() -> Bool { tamis_connection_cut(CInt(descriptor), inode) != 0 }

  /// Notes whether the connection is active. One that sends faster than it is read is.
  mutating func noteActivity(_ facts: tamis_connection_facts, isWanted: Bool, nowMs: Int64) {
    let moved = facts.received &+ facts.acknowledged
    if moved &- movedByteCount >= Self.activeByteCountMin || facts.unread > 0 {
      idleSinceMs = nil
    } else if isWanted, idleSinceMs == nil {
      idleSinceMs = nowMs
    }
    movedByteCount = moved
  }

  /// Notes the bytes that have come in; whether they are more than the rate allows.
  mutating func exceedsTrickle(
    _ facts: tamis_connection_facts, burst: Int, perSecond: Int, nowMs: Int64
  ) -> Bool {
    let come = facts.received >= receivedByteCount ? facts.received - receivedByteCount : 0
    let seconds = Double(max(0, nowMs - lookedMs)) / 1_000
    excess = max(0, excess - seconds * Double(perSecond)) + Double(come)
    receivedByteCount = facts.received
    lookedMs = nowMs
    return excess > Double(burst)
  }

  /// Bytes that were read and have not become a message that was taken.
  func undelivered(_ facts: tamis_connection_facts) -> UInt64 {
    let read = facts.received &- UInt64(max(0, facts.unread))
    return read > deliveredByteCount && read <= facts.received ? read - deliveredByteCount : 0
  }

  /// Notes the bytes that have come in and were delivered; whether more than `limit` certainly belong to
  /// no message. After `limit` bytes all messages are marked. It is certain when again as many bytes
  /// have come, the owner of the socket has twice found no message waiting, and none was marked.
  mutating func exceedsUndelivered(
    _ facts: tamis_connection_facts, limit: Int, marks: DeliveryMarks
  ) -> Bool {
    let read = facts.received &- UInt64(max(0, facts.unread))
    receivedByteCount = facts.received
    let seen = marks.mark(of: descriptor)
    if seen != mark {
      mark = seen
      isProven = true
      deliveredByteCount = read
      suspicion = nil
      return false
    }
    let come = undelivered(facts)
    guard come > UInt64(limit) else { return false }
    guard let suspicion else {
      suspicion = Suspicion(emptyLookCount: marks.emptyLookCount, byteCount: come)
      return false
    }
    return come > suspicion.byteCount + UInt64(limit)
      && marks.emptyLookCount >= suspicion.emptyLookCount + 2
  }
}

private func peerAddress(of descriptor: CInt) -> String {
  var text = [CChar](repeating: 0, count: 64)
  guard tamis_connection_peer(descriptor, &text, text.count) != 0 else { return "" }
  return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
