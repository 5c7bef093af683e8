internal import ZeroMQ

/// Which of our topics somebody is subscribed to, from what an XPUB socket tells: of each prefix the
/// first subscription and the last cancellation.
///
/// A cancellation that a peer has sent may be of something that it never subscribed to, so it only
/// raises a doubt: whether a topic is wanted still shows when it is sent. One that the library makes
/// up, since the last subscriber has gone, is certain.
package struct TopicSubscriptions {
  private static let flagged = Array("flagged".utf8)
  private static let topics = [flagged, Array("unbiased".utf8), Array("unflagged".utf8)]

  private var prefixes: Set<[UInt8]> = []
  /// Whether somebody may have cancelled flagged records since one was last taken.
  package private(set) var isDoubtful = false

  /// Nobody is there.
  package init() {}

  /// Prefixes of our topics that are subscribed to, each counted once.
  package var count: Int { prefixes.count }

  /// Whether somebody is believed to want flagged records.
  package var hasFlagged: Bool { prefixes.contains { Self.flagged.starts(with: $0) } }

  /// Notes a message of the socket: 1 or 0, and the prefix. Others mean nothing.
  ///
  /// - Returns: whether the last subscriber to flagged records has gone.
  package mutating func note(_ message: UnsafeRawBufferPointer, isFromPeer: Bool) -> Bool {
    guard let change = message.first, change <= 1 else { return false }
    let prefix = Array(message.dropFirst())
    guard Self.topics.contains(where: { $0.starts(with: prefix) }) else { return false }
    if change == 1 {
      prefixes.insert(prefix)
      return false
    }
    if isFromPeer {
      if Self.flagged.starts(with: prefix) { isDoubtful = true }
      return false
    }
    return prefixes.remove(prefix) != nil && Self.flagged.starts(with: prefix) && !hasFlagged
  }

  /// A flagged record was taken.
  package mutating func noteFlaggedTaken() { isDoubtful = false }

  /// A flagged record was wanted by nobody.
  package mutating func noteNobodyWantsFlagged() {
    isDoubtful = false
    prefixes = prefixes.filter { !Self.flagged.starts(with: $0) }
  }
}
