internal import ReproducibleMath

/// A simulated stream under a rule that holds its rate: how long the rate is held, and what that
/// costs of a signal.
package struct ControlStudy: Sendable {
  /// The stream to simulate.
  package struct Plan: Sendable {
    /// The false-positive rate to hold.
    package var target = 1e-3
    /// Events a second.
    package var eventsPerSecond = 20_000
    /// Simulated seconds.
    package var seconds = 4_800
    /// Events of the window that a realised rate is measured in.
    package var averagingEventCount = 500_000
    /// The background's tail.
    package var tail = ScoreTail.stretched
    /// The seed.
    package var seed: UInt64 = 1
    /// How `RateController` works.
    package var settings = RateControlSettings()

    /// The defaults.
    package init() { settings.factorMinPercent = 60 }
  }

  /// The results.
  package struct Outcome: Equatable, Sendable {
    /// Share of the time in which the true rate is within 20 % of the target.
    package var trueShare: Double
    /// Share of the averaging windows whose counted rate is.
    package var countedShare: Double
    /// The least true rate over the target.
    package var leastRatio: Double
    /// The greatest true rate over the target.
    package var greatestRatio: Double
    /// Mean efficiency for the signal, over that of a threshold which always has the target rate.
    package var efficiencyRatio: Double
  }

  private static let blockEventCount = 1_000
  private static let tolerance = 0.2
  /// No rule sets a lower factor: scores below this part of the threshold are not drawn.
  static let factorMin = 0.6

  /// Runs `rule` over a stream whose scale changes as `scale` says. Deterministic: plan, scale and
  /// rule give the outcome to the bit.
  package static func run(_ plan: Plan, scale: BackgroundScale, rule: RateRule) -> Outcome {
    var stream = SimulatedScores(plan, scale: scale)
    var state = makeState(rule, plan)
    var sums = Sums(plan)
    let blockCount = plan.seconds * plan.eventsPerSecond / blockEventCount
    for block in 0..<blockCount {
      let seconds = Double(block * blockEventCount) / Double(plan.eventsPerSecond)
      let value = scale.value(atSeconds: seconds)
      let scores = stream.block(scale: value, count: blockEventCount)
      let factor = state.factor
      sums.add(scores.count { $0 > factor }, factor: factor, scale: value)
      state.enter(scores, count: blockEventCount)
    }
    return sums.outcome
  }

  private static func makeState(_ rule: RateRule, _ plan: Plan) -> any RateRuleState {
    let window = plan.settings.windowEventCount
    switch rule {
    case .fixed: return FixedRule()
    case .control:
      return ControlRule(
        target: plan.target, slope: plan.tail.slope(at: plan.target), settings: plan.settings)
    case .pid: return PIDRule(target: plan.target, window: window)
    case .tailFit:
      let level =
        plan.tail.score(atShare: 10 * plan.target)
        / plan.tail.score(atShare: plan.target)
      return TailFitRule(target: plan.target, level: level, window: window)
    }
  }

  private struct Sums {
    let plan: Plan
    var blocks = 0
    var held = 0
    var windows = 0
    var windowsHeld = 0
    var fired = 0
    var events = 0
    var least = Double.infinity
    var greatest = 0.0
    var efficiency = 0.0
    var idealEfficiency = 0.0
    let threshold: Double

    init(_ plan: Plan) {
      self.plan = plan
      threshold = plan.tail.score(atShare: plan.target)
    }

    mutating func add(_ blockFired: Int, factor: Double, scale: Double) {
      let ratio = plan.tail.share(above: threshold * factor / scale) / plan.target
      blocks += 1
      if ControlStudy.isHeld(ratio) { held += 1 }
      least = min(least, ratio)
      greatest = max(greatest, ratio)
      efficiency += Self.signalEfficiency(factor)
      idealEfficiency += Self.signalEfficiency(scale)
      fired += blockFired
      events += ControlStudy.blockEventCount
      guard events >= plan.averagingEventCount else { return }
      windows += 1
      if ControlStudy.isHeld(Double(fired) / Double(events) / plan.target) { windowsHeld += 1 }
      (fired, events) = (0, 0)
    }

    /// A signal of which half passes at factor 1: log-logistic of spread 1/4, and of a scale of its
    /// own that does not change.
    static func signalEfficiency(_ factor: Double) -> Double {
      1 / (1 + portablePower(factor, 4))
    }

    var outcome: Outcome {
      Outcome(
        trueShare: Double(held) / Double(max(blocks, 1)),
        countedShare: Double(windowsHeld) / Double(max(windows, 1)), leastRatio: least,
        greatestRatio: greatest, efficiencyRatio: efficiency / max(idealEfficiency, 1e-300))
    }
  }

  private static func isHeld(_ ratio: Double) -> Bool { abs(ratio - 1) <= tolerance }
}

/// Scores above a level far below every threshold, in units of the threshold of factor 1.
private struct SimulatedScores {
  private let tail: ScoreTail
  private let threshold: Double
  private let uniform: RandomStream
  private var drawn: UInt64 = 0

  init(_ plan: ControlStudy.Plan, scale: BackgroundScale) {
    tail = plan.tail
    threshold = plan.tail.score(atShare: plan.target)
    let place = BackgroundScale.allCases.firstIndex(of: scale) ?? 0
    uniform = RandomStream(seed: plan.seed, stream: UInt64(place))
  }

  /// The scores of `count` events that lie above the least threshold that a rule may set or look at.
  mutating func block(scale: Double, count: Int) -> [Double] {
    let share = min(tail.share(above: ControlStudy.factorMin * threshold / scale), 0.5)
    var scores: [Double] = []
    // Gaps between such events are geometric.
    var place = gap(share)
    while place < count {
      scores.append(tail.score(atShare: share * next()) * scale / threshold)
      place += 1 + gap(share)
    }
    return scores
  }

  private mutating func gap(_ share: Double) -> Int {
    Int(min(portableLog(next()) / portableLog1p(-share), 1e9))
  }

  private mutating func next() -> Double {
    drawn += 1
    return uniform.uniform(at: drawn)
  }
}
