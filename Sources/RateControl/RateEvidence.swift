internal import ReproducibleMath

/// Evidence that a rate has left the band around its target, which may be looked at after every
/// event.
///
/// The null hypothesis of the upper side: whatever came before, the next event fires with a
/// probability of at most `tolerance * target`. The rate may change within that, and depend on the
/// past, as it does under rate control. For k fired of n scored events since a look, and an
/// alternative rate r above the bound p,
///
///     L = (r/p)^k ((1 - r)/(1 - p))^(n - k)
///
/// has an expectation of at most 1 under the null. So does the mixture over alternatives and over
/// the look i at which the rate began to be off, with weights 1 / (i (i + 1)):
///
///     M := (M + w_i) L
///
/// so that M plus the weights not yet used is a supermartingale that starts at 1. By Ville's
/// inequality (1939) the probability that M ever reaches 1/alpha is at most alpha, over the whole
/// life, however often anybody looks. The lower side is the same with the bound target / tolerance.
/// Sources: J. Ville, *Etude critique de la notion de collectif*, 1939; A. Wald, *Ann. Math. Stat.*
/// 16, 1945; A. Ramdas, P. Grunwald, V. Vovk and G. Shafer, *Stat. Sci.* 38, 2023.
package struct RateEvidence: Equatable, Sendable {
  /// The side on which the rate has left the band.
  package enum Side: String, Sendable {
    /// The rate is too high.
    case above
    /// The rate is too low.
    case below
  }

  /// Higher rates are not tested.
  package static let targetMax = 0.5
  /// The rate that is expected, in (0, `targetMax`].
  package let target: Double
  /// The rate may be off by this factor; above 1.
  package let tolerance: Double
  /// The probability that there is ever a false alarm, on either side.
  package let falseAlarmProbability: Double
  /// The side of the alarm that is on; nil for none.
  package private(set) var raised: Side?
  /// Alarms that went on.
  package private(set) var alarmCount = 0

  /// Alternatives in multiples of the bound, and natural logarithms of what each has gathered.
  private static let ratiosAbove = [1.2, 1.5, 2, 3, 6, 15, 50]
  private static let ratiosBelow = [0.85, 0.65, 0.4, 0.1, 0]
  private var above = [Double](repeating: -.infinity, count: ratiosAbove.count)
  private var below = [Double](repeating: -.infinity, count: ratiosBelow.count)
  private var lookCount = 0.0

  /// A test of a rate. Traps where a number is out of its range.
  package init(target: Double, tolerance: Double, falseAlarmProbability: Double) {
    precondition(target > 0 && target <= Self.targetMax && tolerance > 1)
    precondition(falseAlarmProbability > 0 && falseAlarmProbability < 1)
    self.target = target
    self.tolerance = tolerance
    self.falseAlarmProbability = falseAlarmProbability
  }

  /// The decimal logarithm that the evidence of a side must reach for an alarm. Each alarm that was
  /// cleared leaves less of the probability: the n-th may spend 1 / (n (n + 1)) of it, half a side.
  package var limit: Double {
    let n = Double(alarmCount - (raised == nil ? 0 : 1)) + 1
    return portableLog(2 * n * (n + 1) / falseAlarmProbability) / Self.ln10
  }

  /// The decimal logarithm of the evidence that the rate is too high.
  package var evidenceAbove: Double { Self.sum(above) / Self.ln10 }
  /// The decimal logarithm of the evidence that the rate is too low.
  package var evidenceBelow: Double { Self.sum(below) / Self.ln10 }

  /// Enters what came since the last look; `fired` is at most `scored`. Returns whether an alarm
  /// was raised.
  package mutating func note(fired: UInt64, scored: UInt64) -> Bool {
    guard scored > 0, raised == nil else { return false }
    lookCount += 1
    let weight = -portableLog(lookCount * (lookCount + 1))
    let (k, rest) = (Double(min(fired, scored)), Double(scored - min(fired, scored)))
    Self.add(
      weight, k, rest, bound: min(target * tolerance, 0.9), Self.ratiosAbove, to: &above)
    Self.add(weight, k, rest, bound: target / tolerance, Self.ratiosBelow, to: &below)
    let found: Side? =
      evidenceAbove >= limit ? .above : evidenceBelow >= limit ? .below : nil
    guard let found else { return false }
    raised = found
    alarmCount += 1
    return true
  }

  /// Takes the alarm back: what was gathered is forgotten, and the next one needs more.
  package mutating func clear() {
    guard raised != nil else { return }
    raised = nil
    lookCount = 0
    above = above.map { _ in -.infinity }
    below = below.map { _ in -.infinity }
  }

  private static func add(
    _ weight: Double, _ k: Double, _ rest: Double, bound: Double, _ ratios: [Double],
    to gathered: inout [Double]
  ) {
    let share = weight - portableLog(Double(ratios.count))
    for (index, ratio) in ratios.enumerated() {
      let rate = min(bound * ratio, 0.99)
      let fired = k == 0 ? 0 : k * portableLog(rate / bound)
      let others = rest * (portableLog1p(-rate) - portableLog1p(-bound))
      gathered[index] = sum([gathered[index], share]) + fired + others
    }
  }

  /// ln(e^a + e^b + ...), without overflow.
  private static func sum(_ terms: [Double]) -> Double {
    let largest = terms.reduce(-.infinity, max)
    guard largest > -.infinity else { return largest }
    return largest + portableLog(terms.reduce(0) { $0 + portableExp($1 - largest) })
  }

  private static let ln10 = 2.302585092994046
}
