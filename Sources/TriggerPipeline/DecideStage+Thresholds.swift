internal import BoundedNumbers
internal import EventRecords
internal import RateControl

extension DecideStage {
  /// Tells the governor of an event that would be flagged without a cap. A changed prescale holds
  /// from the next event on.
  func noteFlood(
    _ decision: Decision?, record: EventRecordView, score: Float, hash: PrescaleHash,
    prescaleRow: Int, nowNs: UInt64
  ) {
    let isKept = decision?.isFlagged ?? false
    if !isKept {
      guard floodPrescale > 1,
        let uncapped = rule.decide(
          score: score, condition: record.condition, hash: hash, prescaleRow: prescaleRow),
        uncapped.isFlagged
      else { return }
      counters.floodSuppressed.add()
    }
    if flood?.note(isKept: isKept, nowNs: nowNs) ?? false { changeFlood() }
  }

  /// Ends a flood also when no more events come.
  func letFloodPass() {
    if flood?.pass(nowNs: clock.realtimeNs) ?? false { changeFlood() }
  }

  func changeFlood() {
    let before = floodPrescale
    floodPrescale = flood?.prescale ?? 1
    counters.floodPrescale.set(UInt64(floodPrescale))
    log(.after(lastDecided))
    if before == 1 || floodPrescale == 1 { observer.floodChanged(prescale: floodPrescale) }
  }
}

// MARK: - Prescales

/// Which rows of prescales the decision log has.
package struct PrescaleRowLog {
  /// The last one that it has.
  package private(set) var row = 0
  private var seen: Set<Int> = [0]
  private var lastNs: UInt64 = 0
  /// A row that comes again is entered at most once in this time. Senders whose sections differ may
  /// change it with every message. The rows of events follow from their records alone.
  private static let intervalNs: UInt64 = 1_000_000_000

  /// The log has row 0.
  package init() {}

  /// Whether a change to `row` is to be entered now.
  package mutating func note(_ row: Int, nowNs: UInt64) -> Bool {
    guard seen.insert(row).inserted || nowNs >= lastNs +| Self.intervalNs else { return false }
    (self.row, lastNs) = (row, nowNs)
    return true
  }
}

extension DecideStage {
  /// Enters a change of the row into the log, and shows it. Most events have the row of the one
  /// before.
  @inline(__always)
  func note(prescaleRow row: Int, of record: EventRecordView, nowNs: UInt64) {
    if row != rowLog.row { enter(prescaleRow: row, of: record, nowNs: nowNs) }
  }

  private func enter(prescaleRow row: Int, of record: EventRecordView, nowNs: UInt64) {
    counters.prescaleRow.set(UInt64(row))
    if rowLog.note(row, nowNs: nowNs) { log(.before(EventIdentity(record))) }
  }
}

// MARK: - Rate control

extension DecideStage {
  /// Enters a scored event into the window of rate control. At the window's end thresholds may move.
  func noteControl(score: Float, position: Int) {
    if floodPrescale > 1 { wasFlooded = true }
    let record = EventRecordView(ring.record(at: position))
    let timeNs = record.timeNs
    let isOver =
      control?.note(
        fired: rule.firedPoints(score: score, condition: record.condition), timeNs: timeNs)
      ?? false
    guard isOver else { return }
    lastDecided = EventIdentity(record)
    closeControlWindow(timeNs: timeNs)
  }

  func closeControlWindow(timeNs: UInt64) {
    let before = control?.hold
    let hasMoved =
      control?.close(
        timeNs: timeNs, isFlooded: wasFlooded, isDrifting: current.isDrifting.value != 0) ?? false
    wasFlooded = floodPrescale > 1
    if hasMoved {
      rule = current.rule.with(factors: control?.factors ?? [])
      log(.after(lastDecided))
    }
    showControl()
    if let now = control?.hold, now != before { observer.rateControlChanged(hold: now) }
  }

  /// Goes on with the same factors where only other files or settings changed; begins anew where
  /// another model or calibration decides.
  func takeUpControl(after before: ModelGeneration) {
    let isSame =
      before.facts.modelSHA256 == current.facts.modelSHA256
      && before.facts.calibrationSHA256 == current.facts.calibrationSHA256
    control = current.control.loop(factors: isSame ? rule.factors : [])
    control?.holdAfterReload()
    wasFlooded = floodPrescale > 1
    rule = current.rule.with(factors: control?.factors ?? [])
    showControl()
  }

  func showControl() {
    for (index, point) in current.counters.enumerated() {
      let controller = control?.controllers[index]
      if point.factor != rule.factors[index] {
        point.factorBits.set(UInt64(rule.factors[index].bitPattern))
      }
      point.steps.set(controller?.stepCount ?? 0)
      point.hold.set(UInt64((control?.hold(at: index) ?? .none).rawValue))
    }
  }
}
