package import EventRecords

/// The counts of the catch-up server since start.
package final class CatchUpCounters: Sendable {
  private let requestsByStatus = CatchUpStatus.allCases.map { _ in AtomicCounter() }
  /// Replies that could not be handed over: the asker was gone, or does not read its replies.
  package let unanswered = AtomicCounter()
  /// Records sent.
  package let records = AtomicCounter()
  /// Records that were asked for and left out because they are damaged on disk.
  package let unreadable = AtomicCounter()

  /// Counters at 0.
  package init() {}

  /// Requests answered with `status`; those whose answer nobody took are not among them.
  package func requests(_ status: CatchUpStatus) -> AtomicCounter {
    requestsByStatus[Int(status.rawValue)]
  }
}
