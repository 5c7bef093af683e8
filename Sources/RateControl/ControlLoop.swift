/// The controllers of all working points, the window that they share, and what holds them.
///
/// `note` costs a few instructions an event, without allocation and lock. The caller writes every
/// move into its journal and decides the next event with the new factors.
package struct ControlLoop: Sendable {
  /// One a working point; nil where its rate is not held.
  package private(set) var controllers: [RateController?]
  /// Why thresholds stay: all of them, but with `time`, see `hold(at:)`.
  package private(set) var hold = HoldReason.none
  private let settings: RateControlSettings
  private var firedCounts: [Int]
  private var scoredCount = 0
  private var startNs: UInt64 = 0
  private var hasStart = false
  /// Scored events for which the thresholds stay.
  private var settlingCount = 0
  private var settlesAfter = HoldReason.none

  /// The longest time that a window may take by the events' own times.
  private static let windowNsMax: UInt64 = 3_600_000_000_000

  /// A loop of these controllers, at most 16.
  package init(controllers: [RateController?], settings: RateControlSettings) {
    precondition(controllers.count <= 16)
    self.controllers = controllers
    self.settings = settings
    firedCounts = Array(repeating: 0, count: controllers.count)
  }

  /// The factors of all working points; 1 where the rate is not held.
  package var factors: [Float] { controllers.map { $0?.factor ?? 1 } }

  /// Why the threshold of one working point stays. The events' times hold those points alone whose
  /// rate is in events a second.
  package func hold(at point: Int) -> HoldReason {
    guard let target = controllers[point]?.target else { return .none }
    if hold == .time, case .falsePositiveRate = target { return .none }
    return hold
  }

  /// Holds the thresholds, as after a reload.
  package mutating func holdAfterReload() {
    settlingCount = settings.holdEventCount
    settlesAfter = .reload
    if settlingCount > 0 { hold = .reload }
    restart()
  }

  /// Notes a scored event, taken at `timeNs`, whose bit i of `fired` is set where it fired working
  /// point i before any prescale. Returns whether the window has ended: call `close` then.
  @inline(__always)
  package mutating func note(fired: UInt16, timeNs: UInt64) -> Bool {
    if !hasStart {
      hasStart = true
      startNs = timeNs
    }
    scoredCount += 1
    if fired != 0 { count(fired) }
    return scoredCount == settings.windowEventCount
  }

  /// Scored events until the window ends, at least 1.
  package var remainingCount: Int { settings.windowEventCount - scoredCount }

  private mutating func count(_ fired: UInt16) {
    for point in firedCounts.indices where fired >> UInt16(point) & 1 == 1 {
      firedCounts[point] += 1
    }
  }

  /// Ends the window with an event taken at `timeNs`. Returns whether a factor has moved: it holds
  /// from the next event on.
  package mutating func close(timeNs: UInt64, isFlooded: Bool, isDrifting: Bool) -> Bool {
    let scored = scoredCount
    hold = holdReason(scored: scored, isFlooded: isFlooded, isDrifting: isDrifting)
    let (start, fired) = (startNs, firedCounts)
    restart()
    // The next window begins with the last event of this one.
    hasStart = true
    startNs = timeNs
    guard hold == .none else {
      for point in controllers.indices { controllers[point]?.forget() }
      return false
    }
    var hasMoved = false
    for point in controllers.indices {
      guard let target = controllers[point]?.target else { continue }
      var seconds = 0.0
      if case .perSecond = target {
        guard timeNs > start, timeNs - start <= Self.windowNsMax else {
          hold = .time
          controllers[point]?.forget()
          continue
        }
        seconds = Double(timeNs - start) * 1e-9
      }
      let moved = controllers[point]?.close(fired: fired[point], scored: scored, seconds: seconds)
      if moved ?? false { hasMoved = true }
    }
    return hasMoved
  }

  private mutating func holdReason(
    scored: Int, isFlooded: Bool, isDrifting: Bool
  ) -> HoldReason {
    if isFlooded || isDrifting {
      settlingCount = settings.holdEventCount
      settlesAfter = .settling
      return isFlooded ? .flood : .drift
    }
    guard settlingCount > 0 else { return .none }
    settlingCount -= min(settlingCount, scored)
    return settlesAfter
  }

  private mutating func restart() {
    scoredCount = 0
    hasStart = false
    for point in firedCounts.indices { firedCounts[point] = 0 }
  }
}
