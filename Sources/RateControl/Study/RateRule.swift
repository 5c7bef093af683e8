internal import ReproducibleMath

/// A way to hold a rate, as the comparison runs it.
package enum RateRule: String, CaseIterable, Sendable {
  /// The threshold of the calibration.
  case fixed
  /// `RateController`.
  case control
  /// Proportional, integral and differential parts on the window's rate.
  case pid
  /// A generalised Pareto tail fitted to the last 1,000 excesses, as in DSPOT (Siffer and others,
  /// KDD 2017).
  case tailFit = "tail-fit"
}

/// A rule at work: it is told the scores above a low level, block after block.
protocol RateRuleState {
  /// The factor on the calibration's threshold.
  var factor: Double { get }
  /// Enters a block of `count` events, with those of their scores that lie above the rule's level,
  /// as shares of the threshold of factor 1.
  mutating func enter(_ scores: [Double], count: Int)
}

struct FixedRule: RateRuleState {
  var factor: Double { 1 }
  mutating func enter(_ scores: [Double], count: Int) {}
}

struct ControlRule: RateRuleState {
  private let window: Int
  private var controller: RateController
  private var fired = 0
  private var scored = 0

  init(target: Double, slope: Double, settings: RateControlSettings) {
    controller = RateController(
      target: .falsePositiveRate(target), slope: slope, settings: settings)
    window = settings.windowEventCount
  }

  var factor: Double { Double(controller.factor) }

  mutating func enter(_ scores: [Double], count: Int) {
    let factor = factor
    fired += scores.count { $0 > factor }
    scored += count
    guard scored >= window else { return }
    _ = controller.close(fired: fired, scored: scored, seconds: 0)
    (fired, scored) = (0, 0)
  }
}

/// Its gains were set by hand: the integral one takes away 0.3 of a deviation a window at slope 10.
struct PIDRule: RateRuleState {
  private let target: Double
  private let window: Int
  private(set) var factor = 1.0
  private var sum = 0.0
  private var before = 0.0
  private var fired = 0
  private var scored = 0

  init(target: Double, window: Int) {
    self.target = target
    self.window = window
  }

  mutating func enter(_ scores: [Double], count: Int) {
    fired += scores.count { $0 > factor }
    scored += count
    guard scored >= window else { return }
    let error = Double(fired) / (target * Double(scored)) - 1
    sum += error
    factor = min(
      max(1 + 0.01 * error + 0.03 * sum + 0.005 * (error - before), ControlStudy.factorMin), 2)
    // The sum stays where the factor is at an end.
    if factor == ControlStudy.factorMin || factor == 2 { sum -= error }
    before = error
    (fired, scored) = (0, 0)
  }
}

struct TailFitRule: RateRuleState {
  private let target: Double
  private let level: Double
  private let window: Int
  private(set) var factor = 1.0
  /// The last excesses over the level, and the events that they came in.
  private var excesses: [(value: Double, events: Int)] = []
  private var events = 0
  private var sinceFit = 0

  init(target: Double, level: Double, window: Int) {
    self.target = target
    self.level = level
    self.window = window
  }

  mutating func enter(_ scores: [Double], count: Int) {
    events += count
    sinceFit += count
    for score in scores where score > level {
      excesses.append((score - level, events))
      events = 0
    }
    if excesses.count > 1_000 { excesses.removeFirst(excesses.count - 1_000) }
    guard sinceFit >= window, excesses.count >= 200 else { return }
    sinceFit = 0
    fit()
  }

  /// The method of moments: shape (1 - m^2/v) / 2, scale m (1 + m^2/v) / 2.
  private mutating func fit() {
    let n = Double(excesses.count)
    let mean = excesses.reduce(0) { $0 + $1.value } / n
    let variance = excesses.reduce(0) { $0 + ($1.value - mean) * ($1.value - mean) } / n
    let ratio = mean * mean / variance
    let (shape, scale) = ((1 - ratio) / 2, mean * (1 + ratio) / 2)
    let total = Double(excesses.reduce(0) { $0 + $1.events })
    let excessShare = target * total / n
    let reach =
      abs(shape) < 1e-6
      ? -scale * portableLog(excessShare)
      : scale / shape * (portablePower(excessShare, -shape) - 1)
    factor = min(max(level + reach, ControlStudy.factorMin), 2)
  }
}
