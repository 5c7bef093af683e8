internal import TriggerPipeline

/// All that is wrong with a daemon, the gravest first, else in the order of `AlarmName`.
///
/// A pure function of the status: the same one always gives the same alarms.
public func alarmConditions(of status: DaemonStatus) -> [AlarmCondition] {
  let all =
    lifeAlarms(status) + journalAlarms(status) + streamAlarms(status) + outputAlarms(status)
    + decisionAlarms(status) + changeAlarms(status)
  return all.enumerated().sorted {
    ($1.element.severity, $0.offset) < ($0.element.severity, $1.offset)
  }.map(\.element)
}

private func lifeAlarms(_ status: DaemonStatus) -> [AlarmCondition] {
  var alarms: [AlarmCondition] = []
  let ready = readiness(of: status)
  if !ready.isGood {
    alarms.append(
      .init(
        .notReady, .warning,
        "Not ready: \(ready.reasons.joined(separator: "; "))."))
  }
  let stood = status.life.sinceProgressSeconds
  if status.life.phase != .ended, status.life.stallReason == nil,
    stood > AlarmLimits.sinceProgressSeconds
  {
    alarms.append(
      .init(
        .pipelineStuck, .critical,
        "Nothing has moved through the pipeline for \(durationText(stood))."))
  }
  return alarms
}

private func journalAlarms(_ status: DaemonStatus) -> [AlarmCondition] {
  var alarms: [AlarmCondition] = []
  if let reason = status.life.stallReason {
    alarms.append(
      .init(
        .journalStalled, .critical,
        "The pipeline waits for the journal: \(reason)."))
  }
  if let free = status.journal.storage?.freeBytes, let sentence = filling(free, status.recent) {
    alarms.append(.init(.journalDiskFilling, .warning, sentence))
  }
  return alarms
}

private func filling(_ freeBytes: UInt64, _ recent: WindowFacts) -> String? {
  if freeBytes < AlarmLimits.journalFreeBytes {
    return "The journal's disk has \(byteText(freeBytes)) left."
  }
  guard recent.seconds >= 60, recent.journalBytes > 0 else { return nil }
  let fullInSeconds = Double(freeBytes) * recent.seconds / Double(recent.journalBytes)
  guard fullInSeconds < AlarmLimits.journalFullSeconds else { return nil }
  return "The journal's disk has \(byteText(freeBytes)) left and is full in "
    + "\(durationText(fullInSeconds)) at the present rate."
}

private func streamAlarms(_ status: DaemonStatus) -> [AlarmCondition] {
  var alarms: [AlarmCondition] = []
  let recent = status.recent
  if recent.lost > 0 {
    alarms.append(
      .init(
        .eventsLost, .warning,
        "\(countText(recent.lost, "record")) lost \(inTheLast(recent)), "
          + "by gaps in the senders' sequences."))
  }
  if Double(recent.rejected) > AlarmLimits.rejectedRatio * Double(max(1, recent.received)) {
    alarms.append(
      .init(
        .eventsRejected, .warning,
        "\(countText(recent.rejected, "record")) refused \(inTheLast(recent)); "
          + "the ledger says why."))
  }
  let silence = status.sinceEventSeconds ?? status.uptimeSeconds
  if status.life.phase == .running, silence > AlarmLimits.sinceEventSeconds {
    let what = status.sinceEventSeconds == nil ? "No event since the start" : "No event"
    alarms.append(
      .init(
        .noEvents, .warning,
        "\(what) for \(durationText(silence))."))
  }
  if recent.deadTimeRatio > AlarmLimits.deadTimeRatio {
    alarms.append(
      .init(
        .deadTime, .warning,
        "Input waited for the pipeline \(percentText(recent.deadTimeRatio)) of the time "
          + "\(inTheLast(recent))."))
  }
  return alarms
}

private func outputAlarms(_ status: DaemonStatus) -> [AlarmCondition] {
  var alarms: [AlarmCondition] = []
  let (output, recent) = (status.output, status.recent)
  let takesNothing =
    recent.published == 0 && recent.seconds >= AlarmLimits.outputPatienceSeconds
  if output.waiting >= AlarmLimits.waitingRecords || output.waiting > 0 && takesNothing {
    let why = takesNothing ? "the output takes none" : "the output does not keep up"
    alarms.append(
      .init(
        .outputBacklog, .warning,
        "\(countText(output.waiting, "record")) waiting in the journal: "
          + "\(why)."))
  }
  if recent.givenUp > 0 {
    alarms.append(
      .init(
        .recordsAbandoned, .critical,
        "\(countText(recent.givenUp, "event")) given up \(inTheLast(recent))."))
  }
  if status.ledger.faults > 0 {
    alarms.append(
      .init(
        .ledgerFault, .critical,
        "\(countText(status.ledger.faults, "run ledger")) closed with sums "
          + "that do not agree: a fault of this daemon."))
  }
  return alarms
}

private func decisionAlarms(_ status: DaemonStatus) -> [AlarmCondition] {
  var alarms: [AlarmCondition] = []
  if status.flood.prescale > 1 {
    alarms.append(
      .init(
        .flood, .warning,
        "More events fire than the cap lets pass: "
          + "one in \(status.flood.prescale) is kept."))
  }
  for (point, recent) in zip(status.points, status.recent.points) {
    if let sentence = rateOff(point, recent, scored: status.recent.scored) {
      alarms.append(.init(.flaggedRateOff, .warning, sentence))
    }
  }
  let drifting = (status.drift?.checks ?? []).filter(\.isAlarming).map { check in
    check.finding.map { "\(check.name): \($0)" } ?? check.name
  }
  if !drifting.isEmpty {
    alarms.append(
      .init(
        .drift, .warning,
        "The stream has left the calibration's reference (\(drifting.joined(separator: "; ")))."))
  }
  if status.recent.screenDisagreements > 0 {
    alarms.append(
      .init(
        .screenDisagrees, .warning,
        "The screen would have lost "
          + "\(countText(status.recent.screenDisagreements, "audited event")) "
          + "\(inTheLast(status.recent))."))
  }
  return alarms
}

/// A rate that is off by more than `rateFactor` and by more than chance. Only recent events that
/// the generation in force decided count: earlier ones tell nothing about its threshold.
private func rateOff(
  _ point: PointFacts, _ recent: WindowFacts.Point, scored recentScored: UInt64
) -> String? {
  guard let inForce = point.inForce else { return nil }
  var (fired, scored) = (recent.fired, recentScored)
  if let realised = point.realised, realised.scored < scored {
    (fired, scored) = (realised.fired, realised.scored)
  }
  guard scored > 0 else { return nil }
  let interval = binomialInterval(
    successes: min(fired, scored), trials: scored, confidence: AlarmLimits.rateConfidence)
  let isHigh = interval.lowerBound > inForce.targetFPR * AlarmLimits.rateFactor
  let isLow = interval.upperBound < inForce.targetFPR / AlarmLimits.rateFactor
  guard isHigh || isLow else { return nil }
  let factor = Double(fired) / Double(scored) / inForce.targetFPR
  return "\(point.name) fires at \(shortText(factor)) times its target: "
    + "\(fired) of \(scored) events."
}

private func changeAlarms(_ status: DaemonStatus) -> [AlarmCondition] {
  var alarms: [AlarmCondition] = []
  if !status.reloads.lastSucceeded {
    let why = status.reloads.lastRefusal.map { ": \($0)" } ?? "."
    alarms.append(
      .init(
        .reloadRefused, .warning,
        "The former model and calibration stay in force, since the last reload was refused\(why)"))
  }
  if status.recent.handshakesFailed > 0 {
    alarms.append(
      .init(
        .handshakesFailed, .warning,
        "\(countText(status.recent.handshakesFailed, "handshake")) failed "
          + "\(inTheLast(status.recent)): somebody without the right key, or without any."))
  }
  if status.recent.connectionsCut > 0 {
    alarms.append(
      .init(
        .connectionsCut, .warning,
        "\(countText(status.recent.connectionsCut, "connection")) cut off "
          + "\(inTheLast(status.recent)): a receiver that held up others, or a peer that took more "
          + "than its share."))
  }
  if status.journal.storage?.isClockSuspect ?? false {
    alarms.append(
      .init(
        .clockSuspect, .warning,
        "The system's clock is far off what has passed since the start: old segments are not "
          + "deleted for their age."))
  }
  if status.uptimeSeconds < AlarmLimits.uptimeSeconds {
    alarms.append(
      .init(
        .restarted, .info,
        "Started \(durationText(status.uptimeSeconds)) ago."))
  }
  return alarms
}

private func inTheLast(_ window: WindowFacts) -> String {
  "in the last \(durationText(window.seconds))"
}
