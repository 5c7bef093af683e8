/// Which of the training events the network is measured on, and whether it learns from them too.
///
/// Event i, counted from 0, is measured where i mod 20 = 19: without chance, and over all of the data.
package struct HeldOutSplit: Equatable, Sendable {
  /// One event in this many is measured.
  package static let period = 20

  /// All events.
  package let eventCount: Int
  /// Whether the network does not learn from the measured events.
  package let holdsOut: Bool

  package init(eventCount: Int, holdsOut: Bool) {
    precondition(eventCount >= 0)
    self.eventCount = eventCount
    self.holdsOut = holdsOut
  }

  /// How many events are measured.
  package var measuredCount: Int { eventCount / HeldOutSplit.period }

  /// How many events the network learns from.
  package var learntCount: Int { holdsOut ? eventCount - measuredCount : eventCount }

  /// The event that is number `place` of those the network learns from.
  package func learntEvent(_ place: Int) -> Int {
    holdsOut ? place + place / (HeldOutSplit.period - 1) : place
  }

  /// The event that is number `place` of those that are measured.
  package func measuredEvent(_ place: Int) -> Int {
    place * HeldOutSplit.period + HeldOutSplit.period - 1
  }
}
