internal import Benchmarking
internal import CommandFrame
internal import NumberText
internal import ScoreEngine
internal import StrictJSON

/// The results of `tamis bench`, as text and as JSON.
struct BenchReport {
  let subject: BenchSubject
  let rows: [ScoringSpeed.Row]
  let peak: (float32: Spread, int8: Spread)
  let multiplyAddsPerEvent: Int
  /// The share of events that a screened batch scored exactly too.
  let rescoredShare: Double?
  let exactLatency: LatencyDistribution
  let screenedLatency: LatencyDistribution?
  let targetSeconds: Double

  /// Whether 99.9 % of single events are scored exactly within the target.
  var passes: Bool { factor >= 1 }
  private var factor: Double { targetSeconds / exactLatency.quantile(0.999) }
}

// MARK: - Text

extension BenchReport {
  var text: String {
    var lines = [
      "tamis \(programVersion), \(subject.network.instructionSet.rawValue)"
        + (subject.screen.map { ", screen \($0.kernelsName)" } ?? ""),
      subject.description,
      "an exact score takes \(multiplyAddsPerEvent) multiply-adds; peak of this core: "
        + "\(whole(peak.float32)) events/s in float32, \(whole(peak.int8)) in int8",
      "",
      "  batch |            exact events/s  share of peak |         screened events/s  share of peak"
        + " |  ratio",
    ]
    lines += rows.map(line)
    if let rescoredShare {
      lines.append(
        "screened: threshold \(subject.screening.threshold), margin \(subject.screening.margin), "
          + "\(short(100 * rescoredShare)) % of the events were scored exactly too")
    } else if let refusal = subject.screenRefusal {
      lines.append("not screened: \(refusal)")
    }
    lines += ["", "latency of single events, exact: \(summary(exactLatency))"]
    lines += histogramLines(exactLatency)
    if let screenedLatency {
      lines += ["latency of single events, screened: \(summary(screenedLatency))"]
      lines += histogramLines(screenedLatency)
    }
    lines.append(
      "\(passes ? "PASS" : "FAIL"): p99.9 \(microseconds(exactLatency.quantile(0.999))), target "
        + "\(short(targetSeconds * 1e3)) ms an event, factor \(short(factor))")
    return lines.joined(separator: "\n")
  }

  private func line(_ row: ScoringSpeed.Row) -> String {
    func cell(_ rate: ScoringSpeed.Rate) -> String {
      padded(whole(rate.eventsPerSecond), 25) + "  "
        + padded(fixed(rate.shareOfPeak.median, places: 2), 13)
    }
    let exact = padded("\(row.batch)", 7) + " | " + cell(row.exact)
    guard let screened = row.screened, let ratio = row.ratio else { return exact }
    return exact + " | " + cell(screened) + " | " + padded(fixed(ratio.median, places: 2), 6)
  }

  private func summary(_ latency: LatencyDistribution) -> String {
    [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)]
      .map { "\($0.0) \(microseconds(latency.quantile($0.1)))" }.joined(separator: ", ")
      + ", longest \(microseconds(latency.maximum)), \(latency.count) events"
  }

  private func histogramLines(_ latency: LatencyDistribution) -> [String] {
    // Rare long ones would fill the screen with empty lines.
    let bins = latency.histogram().filter { $0.count > 0 }
    let most = Double(bins.map(\.count).max() ?? 1)
    return bins.map { bin in
      padded("to \(microseconds(bin.upper))", 14) + padded("\(bin.count)", 9) + "  "
        + String(repeating: "#", count: Int((Double(bin.count) / most * 50).rounded(.up)))
    }
  }

  private func whole(_ spread: Spread) -> String {
    "\(Int(spread.median)) [\(Int(spread.minimum)) \(Int(spread.maximum))]"
  }

  private func microseconds(_ seconds: Double) -> String { "\(short(seconds * 1e6)) us" }

  private func padded(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }
}

// MARK: - JSON

extension BenchReport {
  var json: JSONValue {
    .object([
      "version": .string(programVersion),
      "isa": .string(subject.network.instructionSet.rawValue),
      "screen_kernels": .optional(subject.screen) { .string($0.kernelsName) },
      "network": .string(subject.description),
      "multiply_adds_per_event": .integer(multiplyAddsPerEvent),
      "peak_events_per_second": .object([
        "float32": object(peak.float32), "int8": object(peak.int8),
      ]),
      "batches": .array(rows.map(object)),
      "screen_threshold": .real(subject.screening.threshold),
      "screen_margin": .real(subject.screening.margin),
      "screen_rescored_share": .optional(rescoredShare) { .real($0) },
      "latency_seconds": .object([
        "exact": object(exactLatency),
        "screened": .optional(screenedLatency) { object($0) },
      ]),
      "target_seconds": .real(targetSeconds),
      "factor": .real(factor),
      "pass": .bool(passes),
    ])
  }

  private func object(_ row: ScoringSpeed.Row) -> JSONValue {
    .object([
      "batch": .integer(row.batch),
      "exact": object(row.exact),
      "screened": .optional(row.screened) { object($0) },
      "screened_over_exact": .optional(row.ratio) { object($0) },
    ])
  }

  private func object(_ rate: ScoringSpeed.Rate) -> JSONValue {
    .object([
      "events_per_second": object(rate.eventsPerSecond),
      "share_of_peak": object(rate.shareOfPeak),
    ])
  }

  private func object(_ spread: Spread) -> JSONValue {
    .object([
      "median": .real(spread.median), "minimum": .real(spread.minimum),
      "maximum": .real(spread.maximum),
    ])
  }

  private func object(_ latency: LatencyDistribution) -> JSONValue {
    .object([
      "events": .integer(latency.count),
      "p50": .real(latency.quantile(0.5)), "p99": .real(latency.quantile(0.99)),
      "p99.9": .real(latency.quantile(0.999)), "maximum": .real(latency.maximum),
      "histogram": .array(
        latency.histogram().map {
          .object([
            "above": .real($0.lower), "up_to": .real($0.upper), "events": .integer($0.count),
          ])
        }),
    ])
  }
}
