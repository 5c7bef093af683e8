internal import TriggerPipeline

/// What was decided, and by which generation.
extension PrometheusText {
  mutating func addDecisions(of status: DaemonStatus) {
    let decisions = status.decisions
    counter(
      "tamis_events_above_threshold_total",
      help: "Events above the loosest threshold, before prescales.",
      MetricValue(decisions.aboveThreshold))
    counter(
      "tamis_events_unbiased_total", help: "Events kept whatever their score.",
      MetricValue(decisions.unbiased))
    counter(
      "tamis_events_not_scorable_total", help: "Events kept because a feature was not finite.",
      MetricValue(decisions.notScorable))
    counter("tamis_batches_total", help: "Batches scored.", MetricValue(decisions.batches))
    add("tamis_batch_events", "Events of each batch.", decisions.batchEvents)
    add("tamis_score", "Scores of all scored events.", decisions.scores)
    add(
      "tamis_decision_latency_seconds", "From the socket to the decision.", decisions.latency)
  }

  mutating func addPoints(of status: DaemonStatus) {
    func all(_ value: (PointFacts) -> UInt64) -> [MetricSample] {
      status.points.map { MetricSample(["working_point": $0.name], MetricValue(value($0))) }
    }
    func inForce(_ value: (PointInForce, RealisedRate?) -> MetricValue) -> [MetricSample] {
      status.points.compactMap { point in
        point.inForce.map {
          MetricSample(["working_point": point.name], value($0, point.realised))
        }
      }
    }
    counter(
      "tamis_events_fired_total",
      help: "Events with a score above the threshold, before the prescale.", all(\.fired))
    counter(
      "tamis_events_flagged_total", help: "Events that fired and passed the prescale.",
      all(\.flagged))
    gauge(
      "tamis_threshold", help: "An event fires when its score is greater.",
      inForce { point, _ in MetricValue(point.threshold) })
    gauge(
      "tamis_target_fpr",
      help: "The false-positive rate that the threshold was calibrated for.",
      inForce { point, _ in MetricValue(point.targetFPR) })
    gauge(
      "tamis_realised_fpr",
      help: "Events fired over events scored since the generation came into force.",
      inForce { MetricValue($1?.rate ?? .nan) })
    gauge(
      "tamis_realised_fpr_lower", help: "Lower end of the realised rate's binomial interval.",
      inForce { MetricValue($1?.interval.lowerBound ?? .nan) })
    gauge(
      "tamis_realised_fpr_upper", help: "Upper end of the realised rate's binomial interval.",
      inForce { MetricValue($1?.interval.upperBound ?? .nan) })
    gauge(
      "tamis_arms_generation", help: "1 for the first model and calibration, 1 more a switch.",
      MetricValue(status.generation.number))
  }

  mutating func addFlood(of status: DaemonStatus) {
    gauge(
      "tamis_flood_prescale",
      help: "One in so many events is kept by the cap on the flagged rate; 1 is no flood.",
      MetricValue(status.flood.prescale))
    counter(
      "tamis_events_flood_suppressed_total",
      help: "Events that would have been kept but for the cap.",
      MetricValue(status.flood.suppressed))
  }

  /// Only a daemon that screens has these.
  mutating func addScreen(of status: DaemonStatus) {
    guard let screen = status.screen else { return }
    gauge(
      "tamis_screen_margin",
      help: "The share of the loosest threshold by which a screen score may fall short of it.",
      MetricValue(screen.margin))
    counter(
      "tamis_screen_rescored_total",
      help: "Events that the screen left to the exact network, the sampled ones among them.",
      MetricValue(screen.rescored))
    counter(
      "tamis_screen_audited_total", help: "Sampled events, which were scored both ways.",
      MetricValue(screen.audited))
    counter(
      "tamis_screen_disagreements_total",
      help: "Audited events that the screen would have let go though their exact score fires.",
      MetricValue(screen.disagreements))
    gauge(
      "tamis_screen_shortfall_max_ratio",
      help:
        "The largest share by which a firing event's screen score fell short of its exact one.",
      MetricValue(screen.shortfallMax))
  }

  /// Only a daemon with a shadow has these.
  mutating func addShadow(of status: DaemonStatus) {
    guard let shadow = status.shadow else { return }
    gauge(
      "tamis_shadow_info", help: "What scores beside the live generation; the value is always 1.",
      [
        MetricSample(
          [
            "model": shadow.generation.modelSHA256,
            "calibration": shadow.generation.calibrationSHA256,
          ], 1)
      ])
    counter(
      "tamis_shadow_events_total",
      help: "Events by which of live and shadow generation fired, at their loosest working points.",
      zip(ShadowOutcome.allCases, shadow.outcomes).map {
        MetricSample(["decision": $0.rawValue], MetricValue($1))
      })
  }

  mutating func addReloads(of status: DaemonStatus) {
    counter(
      "tamis_reloads_total", help: "Reloads of model and calibration, by result.",
      [
        MetricSample(["result": "ok"], MetricValue(status.reloads.made)),
        MetricSample(["result": "refused"], MetricValue(status.reloads.refused)),
      ])
    gauge(
      "tamis_last_reload_successful", help: "1 unless the last reload was refused.",
      truth(status.reloads.lastSucceeded))
    gauge(
      "tamis_last_reload_timestamp_seconds",
      help: "When the last reload was asked for; 0 before the first.",
      seconds(status.reloads.lastNs))
  }

  mutating func addDrift(of status: DaemonStatus) {
    guard let drift = status.drift else { return }
    func byCheck(_ value: (DriftFacts.Check) -> MetricValue) -> [MetricSample] {
      drift.checks.map { MetricSample(["check": $0.name], value($0)) }
    }
    gauge(
      "tamis_drift_alarm", help: "1 while a check is out of bounds.",
      byCheck { truth($0.isAlarming) })
    gauge(
      "tamis_drift_statistic", help: "The check's statistic over its last window.",
      byCheck { MetricValue($0.statistic ?? .nan) })
    gauge(
      "tamis_drift_limit", help: "The check is out of bounds above this.",
      byCheck { MetricValue($0.limit ?? .nan) })
    counter(
      "tamis_drift_alarms_total", help: "How often the check went out of bounds.",
      byCheck { MetricValue($0.alarms) })
    counter(
      "tamis_drift_windows_total", help: "Windows that the check has judged.",
      byCheck { MetricValue($0.windows) })
    guard drift.features.count <= DriftFacts.featureCountMax else { return }
    gauge(
      "tamis_drift_feature_deviation",
      help: "By how many standard errors the feature is off its reference.",
      drift.features.map { MetricSample(["feature": $0.name], MetricValue($0.deviation)) })
  }

  private mutating func add(_ name: String, _ help: String, _ facts: HistogramFacts) {
    histogram(
      name, help: help,
      [HistogramSample(upperBounds: facts.upperBounds, counts: facts.counts, sum: facts.sum)])
  }
}
