internal import ReproducibleMath

/// How soon an alarm on a rate goes on: by the evidence of `RateEvidence`, and by the window that
/// it replaced.
package enum AlarmStudy {
  /// Seconds from the change to the alarm, over all streams; nil where there was none.
  package struct Outcome: Equatable, Sendable {
    /// Of the evidence.
    package var evidence: [Int?]
    /// Of the window.
    package var window: [Int?]
    /// Alarms of the evidence before the change.
    package var falseAlarms: Int
  }

  private static let target = 1e-3
  private static let scoredALook: UInt64 = 20_000
  private static let windowLooks = 300
  private static let tolerance = 1.25
  /// The z of one in a million, to either side.
  private static let windowZ = 4.753
  private static let streamCount = 20
  /// Looks, of a second each, before and after the change.
  private static let (changeAt, looksAfter) = (7_200, 1_800)

  /// Streams whose rate is first right, and from the change on `ratio` times the target.
  package static func run(ratio: Double, seed: UInt64) -> Outcome {
    var outcome = Outcome(evidence: [], window: [], falseAlarms: 0)
    for stream in 0..<streamCount {
      let uniform = RandomStream(seed: seed, stream: UInt64(1_000 + stream))
      var evidence = RateEvidence(
        target: target, tolerance: tolerance, falseAlarmProbability: 1e-3)
      var recent: [UInt64] = []
      var found: Int?
      var windowFound: Int?
      for look in 0..<(changeAt + looksAfter) {
        let mean = target * Double(scoredALook) * (look < changeAt ? 1 : ratio)
        let fired = poisson(mean, uniform.uniform(at: UInt64(look)))
        if evidence.note(fired: fired, scored: scoredALook) { found = look - changeAt }
        recent.append(fired)
        if recent.count > windowLooks { recent.removeFirst() }
        if windowFound == nil, look >= changeAt, isOff(recent) { windowFound = look - changeAt }
        if found != nil, windowFound != nil || (found ?? 0) < 0 { break }
      }
      if let early = found, early < 0 { outcome.falseAlarms += 1 }
      outcome.evidence.append(found)
      outcome.window.append(windowFound)
    }
    return outcome
  }

  /// Whether the interval of E. Wilson around the window's rate lies beyond the tolerance.
  private static func isOff(_ fired: [UInt64]) -> Bool {
    let n = Double(fired.count) * Double(scoredALook)
    let p = Double(fired.reduce(0, +)) / n
    let z = windowZ
    let centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    let half = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot()
    return centre - half > tolerance * target || centre + half < target / tolerance
  }

  /// A Poisson count by inversion of a uniform number.
  private static func poisson(_ mean: Double, _ uniform: Double) -> UInt64 {
    var (left, count, term) = (uniform, 0 as UInt64, portableExp(-mean))
    while left > term, count < 100_000 {
      left -= term
      count += 1
      term *= mean / Double(count)
    }
    return count
  }
}
