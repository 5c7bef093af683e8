internal import StrictJSON
internal import TriggerPipeline

/// The decisions since start.
package struct DecisionFacts: Equatable, Sendable {
  /// Events above the loosest threshold, before any prescale.
  package var aboveThreshold: UInt64 = 0
  /// Events of the unbiased sample.
  package var unbiased: UInt64 = 0
  /// Events kept because a feature was not finite.
  package var notScorable: UInt64 = 0
  /// Events published for commissioning only.
  package var unflagged: UInt64 = 0
  /// Batches scored.
  package var batches: UInt64 = 0
  /// Events in each batch.
  package var batchEvents = HistogramFacts(upperBounds: [], counts: [0], sum: 0)
  /// Scores.
  package var scores = HistogramFacts(upperBounds: [], counts: [0], sum: 0)
  /// The share of the calibration's background in each bucket of `scores`; nil where the
  /// calibration does not say.
  package var referenceShares: [Double]?
  /// Scores in narrow bins around the thresholds; nil where no threshold lies among the bins.
  package var scoreBins: ScoreBinFacts?
  /// Seconds from the socket to the decision.
  package var latency = HistogramFacts(upperBounds: [], counts: [0], sum: 0)

  /// Nothing decided.
  package init() {}
}

extension DecisionFacts {
  static let figures: [Figure<DecisionFacts>] = [
    Figure(
      "above_threshold", "tamis_events_above_threshold_total",
      "Events above the loosest threshold, before prescales.", \.aboveThreshold,
      from: \.aboveThreshold),
    Figure(
      "unbiased", "tamis_events_unbiased_total", "Events kept whatever their score.", \.unbiased,
      from: \.unbiased),
    Figure(
      "not_scorable", "tamis_events_not_scorable_total",
      "Events kept because a feature was not finite.", \.notScorable, from: \.notScorable),
    Figure("unflagged", \.unflagged, from: \.unflagged),
    Figure("batches", "tamis_batches_total", "Batches scored.", \.batches, from: \.batches),
    Figure("batch_events", "tamis_batch_events", "Events of each batch.") {
      .histogram($0.batchEvents)
    },
    Figure("score", "tamis_score", "Scores of all scored events.") {
      .histogram($0.scores, ["reference_shares": .numbers($0.referenceShares)])
    },
    Figure("score_bins") { $0.scoreBins.map { .json($0.json) } },
    Figure(
      "latency", "tamis_decision_latency_seconds", "From the socket to the decision."
    ) {
      .histogram(
        $0.latency,
        [
          "p50_seconds": .finite($0.latency.quantile(0.5)),
          "p99_seconds": .finite($0.latency.quantile(0.99)),
        ])
    },
  ]
}
