/// How many messages a PULL input lets ZeroMQ hold for each sender: as many as a processor's cache
/// holds of the size that comes, and never more than the settings allow.
///
/// What waits in memory beyond the cache is written out and read in again, which costs more than
/// all checks of a record. The rest waits in the kernel and at the sender, which blocks a little
/// sooner; nothing is lost. A SUB input keeps the full queue, since its publisher drops what the
/// subscriber does not take.
package struct QueueDepth: Sendable {
  /// Bytes that may wait for each sender.
  package static let byteCount = 1 << 20
  /// The library hands over messages of a sender in halves of its queue; fewer would cost wake-ups.
  private static let messageCountMin = 16
  /// Messages that are looked at together.
  private static let lookCount = 64

  private let messageCountMax: Int
  private var messageCount: Int
  private var seenCount = 0
  private var seenByteCount = 0

  /// Begins with the largest number.
  package init(messageCountMax: Int) {
    self.messageCountMax = messageCountMax
    messageCount = messageCountMax
  }

  /// Notes a message. Returns the number of messages that may wait from now on, where it has changed
  /// by a factor of two or more, or back to the largest.
  package mutating func note(byteCount: Int) -> Int? {
    seenCount += 1
    seenByteCount += byteCount
    guard seenCount == Self.lookCount else { return nil }
    let fitting = Self.byteCount * Self.lookCount / max(1, seenByteCount)
    (seenCount, seenByteCount) = (0, 0)
    let wanted = min(max(fitting, Self.messageCountMin), messageCountMax)
    let isNear = wanted < 2 * messageCount && 2 * wanted > messageCount
    guard wanted != messageCount, !isNear || wanted == messageCountMax else { return nil }
    messageCount = wanted
    return wanted
  }
}
