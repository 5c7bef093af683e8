internal import ArgumentParser
internal import NumberText
internal import RateControl
internal import StrictJSON

/// `tamis control-study`.
struct ControlStudyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "control-study",
    abstract: "Compare ways to hold a false-positive rate, on simulated streams.",
    discussion: """
      The scale of the background's scores stays, swells, jumps, ramps, oscillates or spikes. Each \
      stream is run under a fixed threshold, the daemon's rate control, a PID controller and a tail \
      fit. The table says for how much of the time the true rate is within 20 % of the target, for \
      how many windows the counted rate is, and how much signal passes in comparison with a \
      threshold that always has the target rate. docs/method-rate-control.md explains it.

      Examples:
        tamis control-study
        tamis control-study --seed 7 --scale swell --tail power --json
      """)

  @Option(help: "The false-positive rate to hold.")
  var target = 1e-3

  @Option(help: "Events a second.")
  var rate = 20_000

  @Option(help: "Simulated seconds.")
  var seconds = 4_800

  @Option(help: "Events of a window in which the rate is counted.")
  var averagingEvents = 500_000

  @Option(help: "Events of a window of the control.")
  var windowEvents = RateControlSettings().windowEventCount

  @Option(help: "Expected fired events of the control's reaction.")
  var reactionFired = RateControlSettings().reactionFiredCount

  @Option(help: "The seed of the simulated scores.")
  var seed: UInt64 = 1

  @Option(help: "The tail of the scores: stretched or power.")
  var tail = ScoreTail.stretched

  @Option(help: "One change alone: constant, swell, steps, ramp, sinusoid or spikes.")
  var scale: BackgroundScale?

  @Flag(help: "Instead: how soon the alarm on a rate goes on when the rate changes.")
  var alarms = false

  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard (1e-5...0.05).contains(target), (1_000...10_000_000).contains(rate),
      (1...1_000_000).contains(seconds), (1_000...1_000_000_000).contains(averagingEvents),
      (1_000...1_000_000_000).contains(windowEvents), (20...1_000_000).contains(reactionFired)
    else {
      throw ValidationError(
        "expected a target from 1e-5 to 0.05, 1000 to 10000000 events/s, 1 to 1000000 s, windows of "
          + "1000 to 1000000000 events, and a reaction of 20 to 1000000 events")
    }
  }

  func run() throws {
    if alarms { return printAlarms() }
    var plan = ControlStudy.Plan()
    plan.target = target
    plan.eventsPerSecond = rate
    plan.seconds = seconds
    plan.averagingEventCount = averagingEvents
    plan.tail = tail
    plan.seed = seed
    plan.settings.windowEventCount = windowEvents
    plan.settings.reactionFiredCount = reactionFired
    var facts = Facts()
    facts.add(
      "columns", .null,
      line: "scale      rule      true within 20 %  counted within 20 %  least  greatest  signal")
    for scale in scale.map({ [$0] }) ?? BackgroundScale.allCases {
      for rule in RateRule.allCases {
        let outcome = ControlStudy.run(plan, scale: scale, rule: rule)
        facts.add(
          "\(scale.rawValue)_\(rule.rawValue)",
          .object([
            "true_within_20_percent": .real(outcome.trueShare),
            "counted_within_20_percent": .real(outcome.countedShare),
            "least_ratio": .real(outcome.leastRatio),
            "greatest_ratio": .real(outcome.greatestRatio),
            "signal_ratio": .real(outcome.efficiencyRatio),
          ]),
          line: "\(scale.rawValue.padded(to: 10)) \(rule.rawValue.padded(to: 9)) "
            + "\(percent(outcome.trueShare).padded(to: 17)) "
            + "\(percent(outcome.countedShare).padded(to: 20)) "
            + "\(short(outcome.leastRatio).padded(to: 6)) "
            + "\(short(outcome.greatestRatio).padded(to: 9)) "
            + short(outcome.efficiencyRatio))
      }
    }
    facts.print(asJSON: output.json)
  }

  private func printAlarms() {
    var facts = Facts()
    facts.add(
      "columns", .null,
      line: "rate over target  evidence: median  worst (s)  window: median  worst (s)  false")
    for ratio in [1.4, 1.6, 2, 3, 5, 0.6, 0.4, 0] {
      let outcome = AlarmStudy.run(ratio: ratio, seed: seed)
      let (evidence, window) = (delays(outcome.evidence), delays(outcome.window))
      facts.add(
        "ratio_\(ratio)",
        .object([
          "evidence_median_seconds": .optional(evidence.median, JSONValue.integer),
          "evidence_worst_seconds": .optional(evidence.worst, JSONValue.integer),
          "window_median_seconds": .optional(window.median, JSONValue.integer),
          "window_worst_seconds": .optional(window.worst, JSONValue.integer),
          "false_alarms": .integer(outcome.falseAlarms),
        ]),
        line: "\(short(ratio).padded(to: 17)) \(text(evidence.median).padded(to: 17)) "
          + "\(text(evidence.worst).padded(to: 10)) \(text(window.median).padded(to: 15)) "
          + "\(text(window.worst).padded(to: 10)) \(outcome.falseAlarms)")
    }
    facts.print(asJSON: output.json)
  }

  /// Nil where an alarm did not come.
  private func delays(_ found: [Int?]) -> (median: Int?, worst: Int?) {
    let sorted = found.map { $0 ?? .max }.sorted()
    func value(_ index: Int) -> Int? { sorted[index] == .max ? nil : sorted[index] }
    return (value(sorted.count / 2), value(sorted.count - 1))
  }

  private func text(_ seconds: Int?) -> String { seconds.map { "\($0)" } ?? "never" }

  private func percent(_ share: Double) -> String { "\(short(100 * share)) %" }
}

extension ScoreTail: ExpressibleByArgument {}
extension BackgroundScale: ExpressibleByArgument {}
