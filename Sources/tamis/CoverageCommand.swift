internal import Analysis
internal import ArgumentParser
internal import Calibration
internal import DurableFiles
internal import NumberText
internal import Offline
internal import RunFiles
internal import ScoreModel
internal import StrictJSON
internal import TriggerPipeline

/// `tamis coverage`.
struct CoverageCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "coverage",
    abstract: "Check the background rates of a calibration on other background.",
    discussion: """
      A flagged record carries the share of background events with a score at least as high as its \
      own. On other background, the share of events with a rate of p or less should be p. The command \
      counts that share for p from 0.1 down, with its exact interval. It also gives the probability that \
      chance alone, including that of the calibration's events, takes a count as far from p. From a \
      flagged journal the unbiased sample is taken.

      A row has p; expected, the share that the table of the calibration promises at p, which its ranks may \
      put somewhat below; found, the share of the background events, and how many they are; the exact \
      interval of that share; and chance, the probability of a count at least as far off. The last row is 1 \
      over the calibration's events + 1. beyond_the_sample counts events above the largest score of the \
      calibration.

      --simulate LAW draws calibrations from a law with a known tail in place of reading files: \
      \(SimulatedLaw.allCases.map(\.rawValue).joined(separator: ", ")). It prints the true share \
      at each p, also far below what the events reach: the mean over the calibrations in units of p with \
      its standard error, the median in the same units, and how many calibrations lie within a factor of 2 \
      and of 10. docs/method-rarity.md has its numbers.

      Examples:
        tamis coverage --model model.safetensors --calibration calibration.json \\
          --background test.run
        tamis coverage --simulate exponential --events 10000 --repeats 400 --seed 1
      """)

  @Option(help: "The model file.", completion: .file())
  var model: String?

  @Option(help: "The calibration file.", completion: .file())
  var calibration: String?

  @Option(
    parsing: .upToNextOption,
    help: "EVENTS of background that the calibration has not seen, or flagged journals.",
    completion: .file())
  var background: [String] = []

  @Option(help: "A law of scores to simulate.")
  var simulate: SimulatedLaw?

  @Option(help: "Scores of a simulated calibration.")
  var events = 10_000

  @Option(help: "Simulated calibrations.")
  var repeats = 400

  @Option(help: "The seed of the simulation.")
  var seed: UInt64 = 1

  @OptionGroup var engine: EngineOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if simulate != nil {
      if model != nil || calibration != nil || !background.isEmpty {
        throw ValidationError(
          "--simulate reads no files: leave out --model, --calibration and "
            + "--background")
      }
      try check("--events", events, in: 1...10_000_000)
      try check("--repeats", repeats, in: 1...1_000_000)
      return
    }
    if model == nil { throw ValidationError("--model is missing: the model file") }
    if calibration == nil {
      throw ValidationError("--calibration is missing: the calibration file")
    }
    if background.isEmpty {
      throw ValidationError("--background is missing: runs, segments, .npy files or journals")
    }
  }

  func run() throws {
    var facts = Facts()
    if let simulate {
      addSimulated(simulate, to: &facts)
    } else {
      try addMeasured(to: &facts)
    }
    facts.print(asJSON: output.json)
  }

  /// 0.1, 0.01, ... as far as the events reach, and their limit. A power that reads like the limit is
  /// left out: of 100,000 events both are 1e-05.
  private static func reached(_ count: Int) -> [Double] {
    let limit = 1 / (Double(count) + 1)
    var rates: [Double] = []
    var (power, divisor) = (0.1, 10.0)
    while power > limit, short(power) != short(limit) {
      rates.append(power)
      divisor *= 10
      power = 1 / divisor
    }
    return rates + [limit]
  }

  private func addSimulated(_ law: SimulatedLaw, to facts: inout Facts) {
    let reached = Self.reached(events)
    let limit = 1 / (Double(events) + 1)
    let rates = reached + [2, 10, 100, 1000].map { limit / $0 }
    let found = RateCoverage(
      law: law, eventCount: events, repeats: repeats, seed: seed, rates: rates)
    facts.add("law", .string(law.rawValue))
    facts.add("events", .integer(events))
    facts.add("calibrations", .integer(repeats))
    facts.add("seed", .integer(seed))
    let header = ["p", "mean share / p", "error", "median / p", "within 2", "within 10"]
    let rows = rates.indices.map { index in
      let rate = rates[index]
      return [
        short(rate), short(found.mean(index) / rate), short(found.standardError(index) / rate),
        short(found.median(index) / rate), "\(short(100 * found.withinFactor(2, index))) %",
        "\(short(100 * found.withinFactor(10, index))) %",
      ]
    }
    facts.add(
      "coverage",
      .array(
        rates.indices.map { index in
          .object([
            "rate": .real(rates[index]), "share": .real(found.mean(index)),
            "standard_error": .real(found.standardError(index)),
            "median": .real(found.median(index)),
            "within_factor_2": .real(found.withinFactor(2, index)),
            "within_factor_10": .real(found.withinFactor(10, index)),
            "beyond_the_sample": .bool(rates[index] < limit),
          ])
        }), line: alignedColumns([header] + rows))
  }

  private func addMeasured(to facts: inout Facts) throws {
    guard let model, let calibration else { return }
    let loaded = try openModel(model)
    let matched = try MatchedCalibration(path: calibration, model: loaded)
    guard let table = matched.calibration.backgroundRates else {
      throw FileFault(
        file: calibration, found: "no background_rates",
        expected: "a calibration of a version that measures them",
        remedy: "calibrate again with this version")
    }
    let source = try backgroundSource(background)
    try checkFeatures(of: source, fit: loaded)
    let rates = Self.reached(table.eventCount)
    var tally = CoverageTally(table: table, rates: rates)
    let trigger = try OfflineTrigger(matched, of: loaded, engine: engine)
    var progress = ProgressLine()
    try trigger.scoreChunks(of: source) { range, scores, _, _ in
      tally.add(scores)
      progress.show("coverage \(range.upperBound) of \(source.eventCount) events")
    }
    progress.finish()
    guard tally.eventCount > 0 else {
      throw FileFault(
        file: background[0], found: "no event that can be scored", expected: "background events")
    }
    facts.add("events", .integer(tally.eventCount))
    facts.add("calibration_events", .integer(table.eventCount))
    facts.add("not_scorable", .integer(tally.notScorableCount))
    facts.add("beyond_the_sample", .integer(tally.beyondCount))
    let confidence = matched.calibration.confidence
    facts.add("confidence", .real(confidence))
    let found = tally.shares(confidence: confidence)
    let header = ["p", "expected", "found", "events", "interval", "chance"]
    let rows = found.map { share in
      [
        short(share.rate), short(share.expected), short(share.found), "\(share.count)",
        "[\(short(share.interval.lowerBound)), \(short(share.interval.upperBound))]",
        short(share.chance),
      ]
    }
    facts.add(
      "coverage",
      .array(
        found.map { share in
          .object([
            "rate": .real(share.rate), "expected": .real(share.expected),
            "share": .real(share.found), "events": .integer(share.count),
            "interval": .interval(share.interval), "chance": .real(share.chance),
          ])
        }), line: alignedColumns([header] + rows))
  }
}

extension SimulatedLaw: ExpressibleByArgument {}
