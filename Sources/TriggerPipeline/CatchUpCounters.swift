public import EventRecords

/// The counts of the catch-up server since start.
public final class CatchUpCounters: Sendable {
  private let requestsByStatus = CatchUpStatus.allCases.map { _ in AtomicCounter() }
  /// Replies that could not be handed over: the asker was gone, or does not read its replies.
  public let unanswered = AtomicCounter()
  /// Records sent.
  public let records = AtomicCounter()
  /// Bytes of records sent.
  public let recordBytes = AtomicCounter()
  /// Records that were asked for and left out because they are damaged on disk.
  public let unreadable = AtomicCounter()

  /// Counters at 0.
  public init() {}

  /// Requests answered with `status`; those whose answer nobody took are not among them.
  public func requests(_ status: CatchUpStatus) -> AtomicCounter {
    requestsByStatus[Int(status.rawValue)]
  }
}
