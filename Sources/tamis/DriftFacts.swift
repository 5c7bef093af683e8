internal import Drift
internal import DurableFiles
internal import NumberText
internal import StrictJSON

/// The facts that `tamis drift` reports on a run.
func driftFacts(_ run: DriftRun) -> Facts {
  let report = run.monitor.report
  var facts = Facts()
  facts.add("drift", .string(run.hasAlarms ? "alarm" : "none seen"))
  facts.add("events", .integer(run.notedCount))
  facts.add(
    "checks", .array(report.checks.map { object($0) }),
    line: report.checks.map { line($0) }.joined(separator: "\n"))
  facts.add(
    "realised_rates", .array(report.realisedRates.map { object($0) }),
    line: report.realisedRates.map { line($0) }.joined(separator: "\n"))
  facts.add(
    "conditions", .array(report.conditions.map { object($0) }),
    line: report.conditions.map { line($0) }.joined(separator: "\n"))
  facts.add("features", .array(report.features.map { object($0) }), line: "")
  facts.add(
    "changes", .array(run.changes.map { object($0.change, event: $0.event) }),
    line: run.changes.map { "after event \($0.event): \($0.change.text)" }
      .joined(separator: "\n"))
  facts.add(
    "notes", .array(report.notes.map { .string($0) }),
    line: report.notes.map { "note: \($0)" }.joined(separator: "\n"))
  return facts
}

private func verdict(_ check: DriftCheck) -> String {
  if !check.isActive { return "not checked" }
  if check.statistic == nil { return "too few events" }
  return check.isRaised ? "ALARM" : check.alarmCount > 0 ? "cleared" : "ok"
}

private func line(_ check: DriftCheck) -> String {
  guard let statistic = check.statistic, let limit = check.limit else {
    return "\(check.name.rawValue): \(verdict(check))"
  }
  // An alarm is of the window that raised it; the last one may be within its limit.
  let raising =
    statistic > limit
    ? nil
    : check.raising.map {
      "raised by a window of \($0.numbers): \($0.finding); "
    }
  return "\(check.name.rawValue): \(verdict(check)), \(raising ?? "")last window "
    + "\(short(statistic)) sigma, limit \(short(limit)): \(check.finding ?? "") "
    + "(\(counted(check.windowEventCount, "event"))); \(counted(check.windowCount, "window")) judged"
}

private func object(_ check: DriftCheck) -> Facts.Value {
  .object([
    "check": .string(check.name.rawValue), "verdict": .string(verdict(check)),
    "raised": .bool(check.isRaised), "statistic": real(check.statistic),
    "limit": real(check.limit), "quiet_limit": real(check.quietLimit),
    "window_events": .integer(check.windowEventCount),
    "raised_by": .optional(check.raising) {
      .object([
        "statistic": real($0.statistic), "limit": real($0.limit),
        "window_events": .integer($0.eventCount), "finding": .string($0.finding),
      ])
    },
    "subject": .optional(check.subject, Facts.Value.string),
    "direction": .optional(check.direction) { .string($0.rawValue) },
    "finding": .optional(check.finding, Facts.Value.string),
    "alarms": .integer(Int(check.alarmCount)), "windows": .integer(Int(check.windowCount)),
  ])
}

private func line(_ rate: RealisedRate) -> String {
  guard let value = rate.rate, let interval = rate.interval else {
    return "\(rate.workingPoint): no rate yet"
  }
  return "\(rate.workingPoint): rate \(short(value)) [\(short(interval.lowerBound)), "
    + "\(short(interval.upperBound))] of the last \(counted(rate.scoredCount, "event")), target "
    + "\(short(rate.targetFPR))" + (rate.isExtrapolated ? ", extrapolated" : "")
}

private func object(_ rate: RealisedRate) -> Facts.Value {
  .object([
    "working_point": .string(rate.workingPoint), "target_fpr": .real(rate.targetFPR),
    "extrapolated": .bool(rate.isExtrapolated), "scored": .integer(rate.scoredCount),
    "flagged": .integer(rate.flaggedCount), "rate": real(rate.rate),
    "interval": .interval(rate.interval),
  ])
}

private func line(_ rate: ConditionRate) -> String {
  "\(rate.workingPoint) at conditions \(short(Double(rate.conditions.lowerBound))) to "
    + "\(short(Double(rate.conditions.upperBound))): rate \(short(rate.rate)) "
    + "[\(short(rate.interval.lowerBound)), \(short(rate.interval.upperBound))]"
}

private func object(_ rate: ConditionRate) -> Facts.Value {
  .object([
    "working_point": .string(rate.workingPoint),
    "conditions": .array([
      .real(Double(rate.conditions.lowerBound)), .real(Double(rate.conditions.upperBound)),
    ]),
    "scored": .integer(rate.scoredCount), "flagged": .integer(rate.flaggedCount),
    "rate": .real(rate.rate), "interval": .interval(rate.interval),
  ])
}

private func object(_ feature: FeatureDeviation) -> Facts.Value {
  .object([
    "feature": .string(feature.name), "ignored": .bool(feature.isIgnored),
    "mean_deviation": real(feature.meanDeviation), "mean_statistic": real(feature.meanStatistic),
    "spread_ratio": real(feature.spreadRatio), "spread_statistic": real(feature.spreadStatistic),
    "not_finite": real(feature.notFiniteShare),
  ])
}

private func object(_ change: DriftChange, event: Int) -> Facts.Value {
  .object([
    "event": .integer(event), "kind": .string(change.kind.rawValue),
    "check": .string(change.check.name.rawValue), "text": .string(change.text),
  ])
}

/// JSON has no infinity: the largest number stands for it.
private func real(_ value: Double?) -> Facts.Value {
  guard let value, !value.isNaN else { return .null }
  return .real(max(min(value, .greatestFiniteMagnitude), -.greatestFiniteMagnitude))
}
