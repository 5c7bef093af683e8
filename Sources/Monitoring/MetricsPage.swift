internal import EventRecords
public import TriggerPipeline

/// What the pipeline does not know of itself and the page shows.
public struct BuildFacts: Sendable {
  /// The program's version.
  public var version: String
  /// The instruction set in use.
  public var instructionSet: String
  /// The model file's SHA-256, hexadecimal.
  public var model: String
  /// The calibration file's SHA-256, hexadecimal.
  public var calibration: String

  /// Creates the facts.
  public init(version: String, instructionSet: String, model: String, calibration: String) {
    self.version = version
    self.instructionSet = instructionSet
    self.model = model
    self.calibration = calibration
  }
}

/// A working point by name, for labels.
public struct ArmedPoint: Sendable {
  /// The name in the calibration.
  public var name: String
  /// The rate it was calibrated for.
  public var targetFPR: Double
  /// An event fires above it.
  public var threshold: Float

  /// Creates a point.
  public init(name: String, targetFPR: Double, threshold: Float) {
    self.name = name
    self.targetFPR = targetFPR
    self.threshold = threshold
  }
}

/// The page `/metrics`.
public func metricsPage(
  of pipeline: TriggerPipeline, points: [ArmedPoint], build: BuildFacts
) -> PrometheusText {
  var page = PrometheusText()
  page.add(
    .gauge, "tamis_build_info", "What runs; the value is always 1.",
    [
      MetricSample(
        [
          "version": build.version, "isa": build.instructionSet, "model": build.model,
          "calibration": build.calibration,
        ], 1)
    ])
  addLedger(of: pipeline, to: &page)
  addDecisions(of: pipeline.counters, points: points, to: &page)
  addScreen(of: pipeline, to: &page)
  addOutput(of: pipeline, to: &page)
  addJournal(of: pipeline, to: &page)
  return page
}

private func addLedger(of pipeline: TriggerPipeline, to page: inout PrometheusText) {
  let counters = pipeline.counters
  func bySource(_ value: (SourceCounters) -> EventCounter) -> [MetricSample] {
    pipeline.sources.map { source in
      MetricSample(
        ["source": source.source.map { "\($0)" } ?? "unknown"], MetricValue(value(source).value))
    }
  }
  page.add(
    .counter, "tamis_events_received_total", "Events received and records refused.",
    bySource(\.received))
  page.add(
    .counter, "tamis_events_lost_total", "Records missed, by gaps in the senders' sequences.",
    bySource(\.lost))
  page.add(
    .counter, "tamis_events_late_total", "Records that filled a gap already counted as lost.",
    bySource(\.late))
  page.add(
    .counter, "tamis_events_rejected_total", "Records and messages refused, by reason.",
    RecordRefusal.allCases.map {
      MetricSample(["reason": $0.rawValue], MetricValue(counters.rejected($0).value))
    })
  add(.counter, "tamis_events_scored_total", "Events that got a score.", counters.scored, &page)
  add(
    .counter, "tamis_events_shed_total", "Events given up at the end of the daemon.",
    counters.shed, &page)
  page.add(
    .counter, "tamis_control_records_total", "Control records received.",
    zip(["begin_of_run", "end_of_run", "heartbeat"], counters.controlRecords).map {
      MetricSample(["kind": $0], MetricValue($1.value))
    })
  add(.counter, "tamis_messages_received_total", "Messages received.", counters.messages, &page)
  add(
    .counter, "tamis_ledger_faults_total", "Run ledgers whose sums did not agree.",
    counters.ledgerFaults, &page)
  page.add(
    .counter, "tamis_input_blocked_seconds_total",
    "Time that input waited because the ring was full.", seconds(counters.inputBlockedNs))
  page.add(
    .gauge, "tamis_last_event_timestamp_seconds", "When the last decided event was received.",
    seconds(counters.lastEventNs))
  page.add(
    .gauge, "tamis_ring_records", "Records between input and output.",
    MetricValue(pipeline.ringOccupancy))
  page.add(
    .gauge, "tamis_ring_capacity_records", "Records that fit between input and output.",
    MetricValue(pipeline.ringCapacity))
}

private func addDecisions(
  of counters: PipelineCounters, points: [ArmedPoint], to page: inout PrometheusText
) {
  func byPoint(_ value: (Int) -> MetricValue) -> [MetricSample] {
    points.indices.map { MetricSample(["working_point": points[$0].name], value($0)) }
  }
  page.add(
    .counter, "tamis_events_flagged_total", "Events that fired and passed the prescale.",
    byPoint { MetricValue(counters.flagged[$0].value) })
  page.add(
    .gauge, "tamis_threshold", "An event fires when its score is greater.",
    byPoint { MetricValue(points[$0].threshold) })
  page.add(
    .gauge, "tamis_target_fpr", "The false-positive rate that the threshold was calibrated for.",
    byPoint { MetricValue(points[$0].targetFPR) })
  add(
    .counter, "tamis_events_above_threshold_total",
    "Events above the loosest threshold, before prescales.", counters.aboveThreshold, &page)
  add(
    .counter, "tamis_events_unbiased_total", "Events kept whatever their score.",
    counters.unbiased, &page)
  add(
    .counter, "tamis_events_not_scorable_total", "Events kept because a feature was not finite.",
    counters.notScorable, &page)
  add(.counter, "tamis_batches_total", "Batches scored.", counters.batches, &page)
  addHistogram("tamis_score", "Scores of all scored events.", counters.scores, &page)
  addHistogram(
    "tamis_decision_latency_seconds", "From the socket to the decision.",
    counters.decisionLatency, &page)
}

/// Only a daemon that screens has these.
private func addScreen(of pipeline: TriggerPipeline, to page: inout PrometheusText) {
  guard let margin = pipeline.screenMargin else { return }
  let counters = pipeline.counters
  page.add(
    .gauge, "tamis_screen_margin",
    "The share of the loosest threshold by which a screen score may fall short of it.",
    MetricValue(margin))
  add(
    .counter, "tamis_screen_rescored_total",
    "Events that the screen left to the exact network, the sampled ones among them.",
    counters.rescored, &page)
  add(
    .counter, "tamis_screen_audited_total", "Sampled events, which were scored both ways.",
    counters.audited, &page)
  add(
    .counter, "tamis_screen_disagreements_total",
    "Audited events that the screen would have let go though their exact score fires.",
    counters.screenMissed, &page)
  page.add(
    .gauge, "tamis_screen_shortfall_max_ratio",
    "The largest share by which the screen score of a firing event fell short of the exact one.",
    MetricValue(Float(bitPattern: UInt32(counters.screenShortfallBits.value))))
}

private func addOutput(of pipeline: TriggerPipeline, to page: inout PrometheusText) {
  let counters = pipeline.counters
  add(
    .counter, "tamis_records_journaled_total", "Flagged records written to the journal.",
    counters.journaled, &page)
  add(
    .counter, "tamis_journal_bytes_total", "Bytes written to the journal.",
    counters.journaledBytes, &page)
  add(
    .counter, "tamis_journal_failures_total", "Attempts to write the journal that failed.",
    counters.journalFailures, &page)
  page.add(
    .gauge, "tamis_journal_stalled", "1 while the journal cannot be written.",
    pipeline.state.stallReason == nil ? 0 : 1)
  page.add(
    .counter, "tamis_records_published_total", "Records handed to the output socket, by topic.",
    [
      MetricSample(["topic": "flagged"], MetricValue(counters.publishedFlagged.value)),
      MetricSample(["topic": "unbiased"], MetricValue(counters.publishedUnbiased.value)),
    ])
  add(
    .gauge, "tamis_records_waiting", "Journaled records that wait for the output.",
    counters.waiting, &page)
  add(
    .counter, "tamis_records_abandoned_total", "Kept events that could not be journaled.",
    counters.abandoned, &page)
  add(
    .counter, "tamis_output_blocked_total", "Sends that the output could not take.",
    counters.outputBlocked, &page)
  add(
    .gauge, "tamis_output_subscribers", "Subscriptions to a PUB output.", counters.subscribers,
    &page)
}

private func add(
  _ kind: Kind, _ name: String, _ help: String, _ counter: EventCounter,
  _ page: inout PrometheusText
) {
  page.add(kind, name, help, MetricValue(counter.value))
}

private func addHistogram(
  _ name: String, _ help: String, _ histogram: FixedHistogram, _ page: inout PrometheusText
) {
  page.histogram(
    name, help: help,
    [
      HistogramSample(
        upperBounds: histogram.upperBounds, counts: histogram.bucketCounts, sum: histogram.sum)
    ])
}

private func seconds(_ counter: EventCounter) -> MetricValue {
  MetricValue(Double(counter.value) * 1e-9)
}

private enum Kind { case counter, gauge }

extension PrometheusText {
  fileprivate mutating func add(
    _ kind: Kind, _ name: String, _ help: String, _ samples: [MetricSample]
  ) {
    switch kind {
    case .counter: counter(name, help: help, samples)
    case .gauge: gauge(name, help: help, samples)
    }
  }

  fileprivate mutating func add(
    _ kind: Kind, _ name: String, _ help: String, _ value: MetricValue
  ) {
    add(kind, name, help, [MetricSample([:], value)])
  }
}
