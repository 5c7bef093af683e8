internal import NumberText
internal import RateControl
internal import TriggerPipeline

/// All that is wrong with a daemon, the gravest first, else in the order of `AlarmName`.
///
/// A pure function of the status: the same one always gives the same alarms.
package func alarmConditions(of status: DaemonStatus) -> [AlarmCondition] {
  let all =
    lifeAlarms(status) + journalAlarms(status) + streamAlarms(status) + outputAlarms(status)
    + decisionAlarms(status) + changeAlarms(status)
  return all.enumerated().sorted {
    ($1.element.severity, $0.offset) < ($0.element.severity, $1.offset)
  }.map(\.element)
}

extension AlarmCondition {
  /// An alarm that is a plain yes.
  fileprivate init(_ name: AlarmName, _ sentence: String) {
    self.init(name, name.declaration.severity, sentence)
  }

  /// An alarm with limits; nil where `value` exceeds none.
  fileprivate init?(_ name: AlarmName, _ value: Double, _ sentence: @autoclosure () -> String) {
    guard let severity = name.declaration.severity(of: value) else { return nil }
    self.init(name, severity, sentence())
  }
}

private func lifeAlarms(_ status: DaemonStatus) -> [AlarmCondition] {
  var alarms: [AlarmCondition?] = []
  let ready = readiness(of: status)
  if !ready.isGood {
    alarms.append(.init(.notReady, "Not ready: \(ready.reasons.joined(separator: "; "))."))
  }
  let stood = status.life.sinceProgressSeconds
  if status.life.phase != .ended, status.life.stallReason == nil {
    alarms.append(
      .init(
        .pipelineStuck, stood,
        "Nothing has moved through the pipeline for \(durationText(stood))."))
  }
  return alarms.compactMap(\.self)
}

private func journalAlarms(_ status: DaemonStatus) -> [AlarmCondition] {
  var alarms: [AlarmCondition] = []
  if let reason = status.life.stallReason {
    alarms.append(.init(.journalStalled, "The pipeline waits for the journal: \(reason)."))
  }
  if let free = status.journal.storage?.freeBytes,
    let filling = filling(free, status.recent)
  {
    alarms.append(filling)
  }
  return alarms
}

private func filling(_ freeBytes: UInt64, _ recent: WindowFacts) -> AlarmCondition? {
  if freeBytes < AlarmDeclaration.leastFreeByteCount {
    return AlarmCondition(
      .journalDiskFilling, .critical, "The journal's disk has \(byteText(Double(freeBytes))) left.")
  }
  guard recent.seconds >= StatusHistory.recentSeconds, recent.diskBytesTaken > 0 else { return nil }
  let fullInSeconds = Double(freeBytes) * recent.seconds / Double(recent.diskBytesTaken)
  return AlarmCondition(
    .journalDiskFilling, -fullInSeconds,
    "The journal's disk has \(byteText(Double(freeBytes))) left and is full in "
      + "\(durationText(fullInSeconds)) at the present pace.")
}

private func streamAlarms(_ status: DaemonStatus) -> [AlarmCondition] {
  var alarms: [AlarmCondition?] = []
  let recent = status.recent
  let expected = Double(recent.received) + Double(recent.lost)
  if var lost = AlarmCondition(
    .eventsLost, share(recent.lost, of: expected),
    "\(countText(recent.lost, "record")) lost \(inTheLast(recent)), "
      + "by gaps in the senders' sequences.")
  {
    // After a start in the middle of a run all that came before counts as lost.
    if status.uptimeSeconds < settlingSeconds { lost.severity = .warning }
    alarms.append(lost)
  }
  alarms.append(
    .init(
      .eventsRejected, share(recent.rejected, of: Double(recent.received)),
      "\(countText(recent.rejected, "record")) refused \(inTheLast(recent)); "
        + "the ledger says why."))
  if status.life.phase == .running, let silence = status.silenceInRunSeconds {
    alarms.append(
      .init(.noEvents, silence, "A run is open, and no event for \(durationText(silence))."))
  }
  alarms.append(
    .init(
      .deadTime, recent.deadTimeRatio,
      "Input waited for the pipeline \(percentText(recent.deadTimeRatio)) of the time "
        + "\(inTheLast(recent))."))
  return alarms.compactMap(\.self)
}

private let settlingSeconds = 600.0

private func share(_ count: UInt64, of all: Double) -> Double { Double(count) / max(1, all) }

extension DaemonStatus {
  /// How long no event has come although a run is open: since the later of the last event and the
  /// run's begin. Nil between runs.
  var silenceInRunSeconds: Double? {
    guard ledger.runOpenSinceNs != 0 else { return nil }
    let since = max(ledger.runOpenSinceNs, ledger.lastEventNs)
    return takenNs > since ? Double(takenNs - since) * 1e-9 : 0
  }
}

private func outputAlarms(_ status: DaemonStatus) -> [AlarmCondition] {
  let (output, recent) = (status.output, status.recent)
  var alarms: [AlarmCondition?] = []
  let why =
    if status.connections?.isWithoutReceiver == true {
      "no receiver is connected"
    } else if recent.published > 0 {
      "the output does not keep up"
    } else {
      "the output takes none"
    }
  alarms.append(
    .init(
      .outputBacklog, Double(output.waiting),
      "\(countText(output.waiting, "record")) waiting in the journal: \(why)."))
  if recent.givenUp > 0 {
    alarms.append(
      .init(
        .recordsAbandoned, "\(countText(recent.givenUp, "event")) given up \(inTheLast(recent))."))
  }
  if status.ledger.faults > 0 {
    alarms.append(
      .init(
        .ledgerFault,
        "\(countText(status.ledger.faults, "run ledger")) closed with sums "
          + "that do not agree: a fault of this daemon."))
  }
  return alarms.compactMap(\.self)
}

private func decisionAlarms(_ status: DaemonStatus) -> [AlarmCondition] {
  var alarms: [AlarmCondition?] = []
  if status.flood.prescale > 1 {
    alarms.append(
      .init(
        .flood,
        "More events fire than the cap lets pass: one in "
          + "\(grouped(status.flood.prescale)) is kept."))
  }
  for (point, recent) in zip(status.points, status.recent.points) {
    alarms.append(rateOff(point, recent, scored: status.recent.scored))
  }
  let alarming = (status.drift?.checks ?? []).filter(\.isAlarming)
  let words = alarming.map { check in
    (check.name, check.finding.map { "\(check.name): \($0)" } ?? check.name)
  }
  for (name, finding) in words where name == DriftFacts.rateCheckName {
    alarms.append(
      .init(.flaggedRateOff, AlarmName.flaggedRateOff.declaration.severity, "\(finding)."))
  }
  let drifting = words.filter { $0.0 != DriftFacts.rateCheckName }.map(\.1)
  if !drifting.isEmpty {
    alarms.append(
      .init(
        .drift,
        "The stream has left the calibration's reference (\(drifting.joined(separator: "; ")))."))
  }
  if status.recent.screenDisagreements > 0 {
    alarms.append(
      .init(
        .screenDisagrees,
        "The screen would have lost "
          + "\(countText(status.recent.screenDisagreements, "audited event")) "
          + "\(inTheLast(status.recent))."))
  }
  return alarms.compactMap(\.self)
}

/// A rate of which the test says that it is off, by more than the tolerance and beyond chance.
private func rateOff(
  _ point: PointFacts, _ recent: WindowFacts.Point, scored: UInt64
) -> AlarmCondition? {
  guard let test = point.rateTest, let raised = test.raised else { return nil }
  let factor = Double(recent.fired) / max(1, Double(scored)) / test.target
  let isAbove = raised == RateEvidence.Side.above.rawValue
  let side = isAbove ? "more" : "less"
  let tolerance = AlarmDeclaration.rateTolerance
  let lately =
    scored == 0
    ? "no events lately"
    : "lately \(plain(factor)) times as often, \(grouped(recent.fired)) of "
      + "\(countText(scored, "event"))"
  guard scored > 0, isAbove ? factor > tolerance : factor < 1 / tolerance else {
    // The rate has come back, or nothing comes. It must stay so for a while before the alarm is cleared.
    let expected = grouped(UInt64(RateTests.expectedCount))
    return AlarmCondition(
      .flaggedRateOff,
      "\(point.name) fired \(side) often than its target, beyond chance: \(lately). The alarm ends when "
        + "the rate is right over events of which \(expected) should fire.")
  }
  return AlarmCondition(
    .flaggedRateOff,
    "\(point.name) fires \(side) often than its target, beyond chance: \(lately).")
}

private func changeAlarms(_ status: DaemonStatus) -> [AlarmCondition] {
  var alarms: [AlarmCondition?] = []
  let recent = status.recent
  if !status.reloads.lastSucceeded {
    let why = status.reloads.lastRefusal.map { ": \($0)" } ?? "."
    alarms.append(
      .init(
        .reloadRefused,
        "What was in force stays: model, calibration, shadow, rate_control and prescales. The last "
          + "reload was refused\(why)"))
  }
  alarms.append(
    .init(
      .handshakesFailed, Double(recent.handshakesFailed),
      "\(countText(recent.handshakesFailed, "handshake")) failed \(inTheLast(recent)): "
        + "somebody without the right key, without any, or beyond connections_max."))
  if recent.connectionsCut > 0 {
    alarms.append(
      .init(
        .connectionsCut,
        "\(countText(recent.connectionsCut, "connection")) cut off "
          + "\(inTheLast(recent)): a receiver that held up others, a peer that took more than its "
          + "share, or an idle one whose place another wanted."))
  }
  if status.journal.storage?.isClockSuspect ?? false {
    alarms.append(
      .init(
        .clockSuspect,
        "The system's clock is far off what has passed since the start: old segments are not "
          + "deleted for their age."))
  }
  return alarms.compactMap(\.self)
}

private func inTheLast(_ window: WindowFacts) -> String {
  "in the last \(durationText(max(1, window.seconds)))"
}
