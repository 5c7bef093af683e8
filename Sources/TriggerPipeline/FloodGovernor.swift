/// Keeps the rate of flagged events below a cap by a prescale. The prescale grows while more events
/// would be kept, and falls when that is over. A noisy channel or a wrong threshold then costs
/// statistics, but fills no disk and overloads no receiver.
///
/// The prescale P is a power of two, decided from the events before an event and applied to the
/// event by its hash: given the past the event is kept with probability exactly 1/P, so sums of
/// weights stay unbiased (Horvitz and Thompson, 1952).
///
/// Time is cut into slices that may each keep `budget` events. When a slice has kept its budget, P
/// doubles at once and the count begins again. At the end of a slice P is halved as long as the
/// events would also have allowed a second halving: a steady flood therefore does not make P
/// alternate. The first slice of a flood of F times the cap keeps at most budget (log2 F + 1)
/// events.
package struct FloodGovernor: Sendable {
  /// One in this many flagged events is kept now; 1 where there is no flood.
  package private(set) var prescale: UInt32 = 1

  private let sliceNs: UInt64
  private let budget: Int
  private var sliceStartNs: UInt64 = 0
  /// Events of this slice that would be kept without a cap.
  private var wanted = 0
  /// Events of this slice that were kept since the prescale last changed.
  private var kept = 0

  private static let prescaleMax: UInt32 = 1 << 30
  /// The smallest budget of a slice: with a smaller one chance alone would look like a flood.
  private static let budgetMin = 20.0

  /// A governor of at most `rateMax` flagged events a second, 1 or more.
  package init(rateMax: Int) {
    precondition(rateMax >= 1)
    let sliceS = max(0.1, Self.budgetMin / Double(rateMax))
    sliceNs = UInt64(sliceS * 1e9)
    budget = Int((Double(rateMax) * sliceS).rounded())
  }

  /// Enters an event that would be flagged without a cap. `isKept` tells whether it is kept under
  /// the present prescale. Returns whether the prescale has changed for the next event.
  package mutating func note(isKept: Bool, nowNs: UInt64) -> Bool {
    let before = prescale
    advance(to: nowNs)
    wanted += 1
    if isKept {
      kept += 1
      if kept >= budget, prescale < Self.prescaleMax {
        prescale *= 2
        kept = 0
      }
    }
    return prescale != before
  }

  /// Lets time pass without a flagged event. Returns whether the prescale has changed.
  package mutating func pass(nowNs: UInt64) -> Bool {
    let before = prescale
    if prescale > 1 { advance(to: nowNs) }
    return prescale != before
  }

  /// Ends the slice where its time is over. Where the clock was set back, the slice's time begins again
  /// and its count stays, so that the cap holds however often the clock is set.
  private mutating func advance(to nowNs: UInt64) {
    sliceStartNs = min(sliceStartNs, nowNs)
    let elapsed = nowNs - sliceStartNs
    guard elapsed >= sliceNs else { return }
    // A slice that ended long ago was followed by slices without events.
    let wantedLately = elapsed >= 2 * sliceNs ? 0 : wanted
    while prescale > 1, 4 * wantedLately < budget * Int(prescale) { prescale /= 2 }
    sliceStartNs = nowNs
    wanted = 0
    kept = 0
  }
}
