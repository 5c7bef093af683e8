internal import StrictJSON
package import TriggerPipeline

/// The cap on the flagged rate.
package struct FloodFacts: Equatable, Sendable {
  /// The prescale that it imposes now; 1 while there is no flood.
  package var prescale: UInt64 = 1
  /// Events that only the cap kept from being flagged.
  package var suppressed: UInt64 = 0

  /// No flood.
  package init() {}
}

extension FloodFacts {
  static let figures: [Figure<FloodFacts>] = [
    Figure(
      "prescale", "tamis_flood_prescale",
      "The prescale that the cap on the flagged rate imposes; 1 without a flood."
    ) { .count($0.prescale) },
    Figure(
      "suppressed", "tamis_events_flood_suppressed_total",
      "Events that only the cap kept from being flagged.", \.suppressed, from: \.floodSuppressed),
  ]
}

/// How well the screen agrees with exact scores.
package struct ScreenFacts: Equatable, Sendable {
  /// The fraction by which a screen score may fall short of the exact score.
  package var margin: Double
  /// Events left to the exact network.
  package var rescored: UInt64 = 0
  /// Sampled events, which the screen and the exact network both scored.
  package var audited: UInt64 = 0
  /// Sampled events that the screen would have lost.
  package var disagreements: UInt64 = 0
  /// The largest share by which the screen score of a firing event fell short.
  package var shortfallMax: Float = 0

  /// A screen that has seen nothing.
  package init(margin: Double) { self.margin = margin }
}

extension ScreenFacts {
  static let figures: [Figure<ScreenFacts>] = [
    Figure(
      "margin", "tamis_screen_margin",
      "Screen scores of at least 1 - margin times the loosest threshold are checked exactly."
    ) { .real($0.margin) },
    Figure(
      "rescored", "tamis_screen_rescored_total",
      "Events that the screen left to the exact network, the sampled ones among them.", \.rescored,
      from: \.rescored),
    Figure(
      "audited", "tamis_screen_audited_total", "Sampled events, which were scored both ways.",
      \.audited, from: \.audited),
    Figure(
      "disagreements", "tamis_screen_disagreements_total",
      "Audited events that the screen would have lost although their exact score fires.",
      \.disagreements, from: \.screenMissed),
    Figure(
      "shortfall_max_ratio", "tamis_screen_shortfall_max_ratio",
      "The largest share by which a firing event's screen score fell short of its exact one."
    ) { .float($0.shortfallMax) },
  ]
}

/// How live and shadow decisions compare.
package struct ShadowFacts: Equatable, Sendable {
  /// The model and calibration that score beside the live ones.
  package var generation: GenerationFacts.Shadow
  /// Events by `ShadowOutcome`, in its order.
  package var outcomes: [UInt64] = ShadowOutcome.allCases.map { _ in 0 }

  /// A shadow that has seen nothing.
  package init(generation: GenerationFacts.Shadow) { self.generation = generation }
}

extension ShadowFacts {
  static let figures: [Figure<ShadowFacts>] = [
    Figure("model_sha256") { .text($0.generation.modelSHA256) },
    Figure("calibration_sha256") { .text($0.generation.calibrationSHA256) },
    Figure(
      "events", "tamis_shadow_events_total",
      "Events by which of live and shadow model fired, at their loosest working points."
    ) { .labelled("decision", zip(ShadowOutcome.allCases, $0.outcomes).map { ($0.rawValue, $1) }) },
  ]
}

/// Switches of model and calibration.
package struct ReloadFacts: Equatable, Sendable {
  /// Switches that were made.
  package var made: UInt64 = 0
  /// Candidates refused.
  package var refused: UInt64 = 0
  /// Whether the last one was made; true before the first.
  package var lastSucceeded = true
  /// When the last one was asked for, ns since the epoch; 0 before the first.
  package var lastNs: UInt64 = 0
  /// Why the last one was refused; nil where it was made.
  package var lastRefusal: String?

  /// None so far.
  package init() {}
}

extension ReloadFacts {
  static let figures: [Figure<ReloadFacts>] = [
    Figure("made", \.made, from: \.reloads),
    Figure("refused", \.refused, from: \.reloadsRefused),
    Figure(nil, "tamis_reloads_total", "Reloads of model and calibration, by result.") {
      .labelled("result", [("ok", $0.made), ("refused", $0.refused)])
    },
    Figure(
      "last_succeeded", "tamis_last_reload_successful", "1 unless the last reload was refused."
    ) { .truth($0.lastSucceeded) },
    Figure(
      "last", "tamis_last_reload_timestamp_seconds",
      "When the last reload was asked for; 0 before the first.", \.lastNs, from: \.lastReloadNs,
      as: { .time($0) }),
    Figure("last_refusal") { $0.lastRefusal.map { .text($0) } },
  ]
}

/// The ring between input and output.
package struct RingFacts: Equatable, Sendable {
  /// Records in it.
  package var records = 0
  /// Records that fit.
  package var capacity = 0

  /// Empty.
  package init() {}
}

extension RingFacts {
  static let figures: [Figure<RingFacts>] = [
    Figure("records", "tamis_ring_records", "Records between input and output.") {
      .integer($0.records)
    },
    Figure(
      "capacity", "tamis_ring_capacity_records", "Records that fit between input and output."
    ) { .integer($0.capacity) },
  ]
}
