public import EventRecords

/// What the catch-up server counts since start.
public final class CatchUpCounters: Sendable {
  private let requestsByStatus = CatchUpStatus.allCases.map { _ in EventCounter() }
  /// Replies that could not be handed over: the asker was gone, or does not read its replies.
  public let unanswered = EventCounter()
  /// Records sent.
  public let records = EventCounter()
  /// Bytes of records sent.
  public let recordBytes = EventCounter()
  /// Records that were asked for and left out because they are damaged on disk.
  public let unreadable = EventCounter()

  /// Counters at 0.
  public init() {}

  /// Requests answered with `status`; those whose answer nobody took are not among them.
  public func requests(_ status: CatchUpStatus) -> EventCounter {
    requestsByStatus[Int(status.rawValue)]
  }
}
