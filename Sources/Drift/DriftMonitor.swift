package import Calibration
internal import Synchronization

/// Watches whether the stream is still the background that a calibration saw.
///
/// One thread notes events, one evaluates, any reads the report. Noting adds to counts and sums in
/// memory that exists from the start; the evaluating thread computes all statistics. No thread waits:
/// a full window is handed over, and while two are full, events are left out and counted.
///
///     let monitor = DriftMonitor(
///       calibration: calibration, featureNames: names, featureCount: 64, settings: DriftSettings())
///     monitor.noteEvent(condition: 31.5, fired: 0b01, isScorable: true)  // every decided event
///     monitor.noteSampled(score: 212.5, features: features)              // the unbiased sample
///     for change in monitor.evaluate() { logger.warning("\(change.text)") }  // once a second
///
/// `@unchecked`: a window belongs to one thread at a time, as `WindowHandover` says; the judge is
/// the evaluating thread's; the report is behind a lock.
package final class DriftMonitor: @unchecked Sendable {
  /// As given.
  package let settings: DriftSettings
  private let sampled = WindowHandover()
  private let decided = WindowHandover()
  /// Two windows each.
  private let sampledWindows: UnsafeMutablePointer<SampledSums>
  private let decidedWindows: UnsafeMutablePointer<DecidedCounts>
  private let scales: UnsafeMutablePointer<FeatureScale>
  private let sampledWindowEventCount: Int
  private let decidedWindowEventCount: Int
  private let start = ContinuousClock.now
  /// The evaluating thread's.
  private var judge: DriftJudge
  private var sampledHours = 0.0
  private var decidedHours = 0.0
  private let published: Mutex<DriftReport>

  /// Creates a monitor of events with `featureCount` features; `featureNames` stand in where the
  /// calibration names none. The report's notes say what a calibration lacks. All memory is allocated
  /// here: some 0.2 MB, and 112 bytes a feature.
  package init(
    calibration: TriggerCalibration, featureNames: [String]?, featureCount: Int,
    settings: DriftSettings = DriftSettings()
  ) {
    precondition(featureCount >= 1 && featureNames.map { $0.count == featureCount } ?? true)
    precondition(settings.isValid, "settings out of their ranges")
    self.settings = settings
    let basis = DriftBasis(
      calibration, featureNames: featureNames, featureCount: featureCount, settings: settings)
    judge = DriftJudge(basis)
    published = Mutex(judge.report)
    sampledWindowEventCount = settings.sampledWindowEventCount
    decidedWindowEventCount = settings.decidedWindowEventCount
    let summedCount = basis.features.count
    sampledWindows = .allocate(capacity: 2)
    decidedWindows = .allocate(capacity: 2)
    for index in 0..<2 {
      (sampledWindows + index).initialize(to: SampledSums(featureCount: summedCount))
      (decidedWindows + index).initialize(to: DecidedCounts())
      decidedWindows[index].binning = judge.binning
    }
    scales = .allocate(capacity: max(summedCount, 1))
    for (index, feature) in basis.features.enumerated() {
      (scales + index).initialize(to: feature.scale)
    }
  }

  deinit {
    for index in 0..<2 {
      sampledWindows[index].deallocate()
      decidedWindows[index].deallocate()
    }
    sampledWindows.deinitialize(count: 2).deallocate()
    decidedWindows.deinitialize(count: 2).deallocate()
    sampled.deallocate()
    decided.deallocate()
    scales.deallocate()
  }

  // MARK: - The noting thread

  /// Notes a decided event: its condition (NaN where unknown), bit i of `fired` where its score is
  /// above threshold i before any prescale, and whether it could be scored. A few nanoseconds, no
  /// allocation, no lock.
  @_noAllocation @_noLocks
  package func noteEvent(condition: Float, fired: UInt16, isScorable: Bool) {
    guard let window = decided.windowToFill() else { return }
    decidedWindows[window].note(condition: condition, fired: fired, isScorable: isScorable)
    if decidedWindows[window].eventCount == decidedWindowEventCount { decided.handOver() }
  }

  /// Notes decided events in their order, as `noteEvent` does each.
  @_noAllocation @_noLocks
  package func noteEvents(_ events: UnsafePointer<DecidedEvent>, count: Int) {
    var start = 0
    while start < count {
      guard let window = decided.windowToFill() else {
        // The event is left out; the next one may find a window.
        start += 1
        continue
      }
      let room = decidedWindowEventCount - decidedWindows[window].eventCount
      let noted = min(count - start, room)
      decidedWindows[window].note(events + start, count: noted)
      if noted == room { decided.handOver() }
      start += noted
    }
  }

  /// Notes an event of the unbiased sample: its exact score (NaN where it could not be scored) and
  /// its D raw features. Some 2 ns a feature, no allocation, no lock.
  @_noAllocation @_noLocks
  package func noteSampled(score: Float, features: UnsafeBufferPointer<Float>) {
    guard let window = sampled.windowToFill() else { return }
    sampledWindows[window].note(score: score, features: features, scales: scales)
    if sampledWindows[window].eventCount == sampledWindowEventCount { sampled.handOver() }
  }

  // MARK: - The evaluating thread

  /// Judges the windows that have filled; call it about once a second, always from one thread.
  /// Returns the alarms that went up or were cleared.
  package func evaluate() -> [DriftChange] {
    let elapsed = (ContinuousClock.now - start).components
    return evaluate(
      atHours: (Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18) / 3600)
  }

  /// The same at a time of the caller's, in hours since the start: simulated time, or a
  /// recording's.
  package func evaluate(atHours hours: Double) -> [DriftChange] {
    let before = judge.report.checks
    judgeSampled(atHours: hours)
    judgeDecided(atHours: hours)
    return publish(changesSince: before)
  }

  /// Judges also windows that are not full. For the end of a recording, when no more events are
  /// noted.
  package func finish(atHours hours: Double) -> [DriftChange] {
    let before = judge.report.checks
    if let window = sampled.windowToFill(), sampledWindows[window].eventCount > 0 {
      sampled.handOver()
    }
    if let window = decided.windowToFill(), decidedWindows[window].eventCount > 0 {
      decided.handOver()
    }
    judgeSampled(atHours: hours)
    judgeDecided(atHours: hours)
    judge.judgeRest()
    return publish(changesSince: before)
  }

  private func judgeSampled(atHours hours: Double) {
    takeFull(sampled, atHours: hours, since: &sampledHours) { window, hours in
      judge.add(sampledWindows[window], hours: hours)
      sampledWindows[window].reset()
    }
  }

  private func judgeDecided(atHours hours: Double) {
    if decided.fullCount == 0 { return }
    takeFull(decided, atHours: hours, since: &decidedHours) { window, hours in
      judge.add(decidedWindows[window], hours: hours)
      decidedWindows[window].reset(binning: judge.binning)
    }
    judge.reportRates()
  }

  /// Calls `take` for each full window, the oldest first, with its share of the hours since the
  /// last call, and gives the window back.
  private func takeFull(
    _ windows: WindowHandover, atHours hours: Double, since last: inout Double,
    _ take: (_ window: Int, _ hours: Double) -> Void
  ) {
    let count = windows.fullCount
    if count == 0 { return }
    let each = max(hours - last, 0) / Double(count)
    last = max(hours, last)
    for _ in 0..<count {
      take(windows.oldestFull, each)
      windows.giveBack()
    }
  }

  private func publish(changesSince before: [DriftCheck]) -> [DriftChange] {
    var report = judge.report
    report.sampledLeftOutCount = sampled.leftOutCount
    report.decidedLeftOutCount = decided.leftOutCount
    let current = report
    published.withLock { $0 = current }
    return zip(before, current.checks).compactMap { old, new in
      old.isRaised == new.isRaised
        ? nil : DriftChange(kind: new.isRaised ? .raised : .cleared, check: new)
    }
  }

  // MARK: - Any thread

  /// The state of every check at the last evaluation.
  package var report: DriftReport { published.withLock { $0 } }
}

extension DriftSettings {
  fileprivate var isValid: Bool {
    falseAlarmHours > 0 && falseAlarmHours.isFinite && sampledWindowEventCount >= 100
      && decidedWindowEventCount >= 1_000 && quietWindowCount >= 1 && confidence > 0
      && confidence < 1
  }
}
