/// Which of our topics somebody is subscribed to, from what an XPUB socket tells: of each prefix
/// the first subscription and the last cancellation.
///
/// A cancellation that a peer has sent may be of something that it never subscribed to, so it only
/// raises a doubt: whether a topic is wanted still shows when it is sent. One that the library
/// makes up, since the last subscriber has gone, is certain.
package struct TopicSubscriptions {
  /// The meaning of a message of the socket.
  package enum Change: Equatable, Sendable {
    /// Nothing that matters.
    case none
    /// Somebody wants all flagged records, and nobody did before.
    case wholeCame
    /// The last one that wants all flagged records has gone; others want some working points.
    case wholeWent
    /// The last one that wants any flagged records has gone.
    case lastWent
  }

  private static let topics = [
    PointTopic.flagged, Array("unbiased".utf8), Array("unflagged".utf8),
  ]

  /// The prefixes that are subscribed to, and whether a peer may have cancelled each.
  private var prefixes: [[UInt8]: Bool] = [:]

  /// Nobody is there.
  package init() {}

  /// Topics that are subscribed to, each counted once: prefixes, and working points.
  package private(set) var count = 0

  /// Whether somebody is believed to want flagged records, all or some.
  package var hasFlagged: Bool { prefixes.keys.contains(where: Self.isFlagged) }

  /// Whether somebody is believed to want all flagged records.
  package var hasWhole: Bool { prefixes.keys.contains(where: Self.isWhole) }

  /// Whether somebody is believed to want some working points alone: topics then name them.
  package private(set) var hasPoints = false

  /// Whether it is certain that somebody wants flagged records.
  package var isCertain: Bool { prefixes.contains { Self.isFlagged($0.key) && !$0.value } }

  /// Whether somebody may have cancelled flagged records since one was last taken.
  package var isDoubtful: Bool { prefixes.contains { Self.isFlagged($0.key) && $0.value } }

  private static func isWhole(_ prefix: [UInt8]) -> Bool { PointTopic.flagged.starts(with: prefix) }

  private static func isFlagged(_ prefix: [UInt8]) -> Bool {
    isWhole(prefix) || PointTopic.isBeginning(prefix)
  }

  /// Notes a message of the socket: 1 or 0, and the prefix. Others mean nothing.
  package mutating func note(_ message: UnsafeRawBufferPointer, isFromPeer: Bool) -> Change {
    guard let change = message.first, change <= 1 else { return .none }
    let prefix = Array(message.dropFirst())
    guard Self.topics.contains(where: { $0.starts(with: prefix) }) || PointTopic.isBeginning(prefix)
    else { return .none }
    let hadWhole = hasWhole
    if change == 1 {
      prefixes[prefix] = false
      noteChange()
      return !hadWhole && hasWhole ? .wholeCame : .none
    }
    if isFromPeer {
      if prefixes[prefix] != nil { prefixes[prefix] = true }
      return .none
    }
    guard prefixes.removeValue(forKey: prefix) != nil, Self.isFlagged(prefix) else { return .none }
    noteChange()
    if !hasFlagged { return .lastWent }
    return hadWhole && !hasWhole ? .wholeWent : .none
  }

  /// A flagged record with this topic was taken: somebody is there for it.
  package mutating func noteTaken(_ topic: [UInt8]) {
    guard isDoubtful else { return }
    for prefix in prefixes.keys where topic.starts(with: prefix) { prefixes[prefix] = false }
  }

  /// A flagged record with this topic was wanted by nobody: no subscription to it is left.
  package mutating func noteNobodyWants(_ topic: [UInt8]) {
    prefixes = prefixes.filter { !topic.starts(with: $0.key) }
    noteChange()
  }

  /// Whether a flagged record with this topic would show more than is known.
  package func isDoubtful(about topic: [UInt8]) -> Bool {
    prefixes.contains { $0.value && topic.starts(with: $0.key) }
  }

  private mutating func noteChange() {
    let points = Set(prefixes.keys.lazy.filter(PointTopic.isBeginning).map(\.count))
    hasPoints = !points.isEmpty
    count = prefixes.keys.count { !PointTopic.isBeginning($0) } + points.count
  }
}
