internal import BoundedNumbers
internal import DurableFiles
internal import Glibc
internal import NumberText
internal import RunFiles

/// Ends segments that have grown old, chooses those that are no longer kept, and looks at the room
/// that is left. Decides only: files are closed and deleted by the thread that waits for the disk.
/// The journal's owner calls it.
final class JournalUpkeep {
  private let journal: FlaggedJournal
  private let show: JournalState
  private let observer: any PipelineObserver
  private let limits: JournalLimits
  private let clock: PipelineClock
  private let segmentAgeMaxNs: UInt64
  private let freeByteCountMin: UInt64
  private var lastLookNs: UInt64 = 0
  private var openIndex = 0
  private var openSinceNs: UInt64 = 0
  private let startedNs: UInt64
  private let startedS: Int
  private let wallStartedS: Int
  private var movedAwayCount = 0
  private var unreadableCount = 0
  private var spaceWasUnknown = false

  private static let lookIntervalNs: UInt64 = 1_000_000_000
  private static let deviationMaxS = 3_600

  init(
    journal: FlaggedJournal, show: JournalState, observer: any PipelineObserver,
    settings: PipelineSettings
  ) throws {
    self.journal = journal
    self.show = show
    self.observer = observer
    clock = settings.clock
    limits = settings.journalLimits
    segmentAgeMaxNs = UInt64(settings.segmentAgeMaxS) * 1_000_000_000
    freeByteCountMin = UInt64(settings.journalFreeByteCountMin)
    if limits.isLimited { try journal.prepareRetention() }
    startedNs = clock.monotonicNs
    wallStartedS = Int(clamping: clock.realtimeNs / 1_000_000_000)
    journal.beginTime(wallS: wallStartedS)
    startedS = journal.nowS
    show.note(freeByteCount: journal.store.freeByteCount())
    for note in journal.notes { observer.journalWarned(note) }
    noteNumbers()
    noteSizes()
  }

  /// Does the work that is due. Cheap when there is none.
  func service(nowNs: UInt64) throws {
    let elapsedS = Int(clamping: (nowNs -| startedNs) / 1_000_000_000)
    journal.nowS = startedS +| elapsedS
    try endOldSegment(nowNs)
    guard nowNs - lastLookNs >= Self.lookIntervalNs else { return }
    noteClock(elapsedS: elapsedS)
    noteMovedAway()
    noteUnreadable()
    look(nowNs: nowNs, isFull: false)
  }

  /// Tries to make room at once, after a write failed for lack of it.
  func makeRoom(after error: any Error) {
    let code = (error as? SystemCallError)?.code
    look(nowNs: clock.monotonicNs, isFull: code == ENOSPC || code == EDQUOT)
  }

  /// Ages go by the clock that cannot be set. A system clock that was set is reported.
  private func noteClock(elapsedS: Int) {
    let wallS = Int(clamping: clock.realtimeNs / 1_000_000_000)
    let deviationS = (wallS -| wallStartedS) -| elapsedS
    let isSuspect = abs(max(deviationS, -.max)) > Self.deviationMaxS
    note(
      isSuspect, in: show.clockSuspect,
      warning: isSuspect
        ? "the system's clock was set by \(deviationS) s since the start; the age of segments is "
          + "told without it, and nothing is deleted for it; see to the clock"
        : "the system's clock agrees again with the time since the start")
  }

  private func noteMovedAway() {
    guard journal.movedAwaySegmentCount != movedAwayCount else { return }
    movedAwayCount = journal.movedAwaySegmentCount
    observer.journalWarned(
      "\(counted(movedAwayCount, "closed segment")) taken out of the journal's folder since the "
        + "start: records in them that were not published cannot be any more, and catch-up reports "
        + "their numbers as gone")
  }

  private func noteUnreadable() {
    guard journal.unreadableRecordCount != unreadableCount else { return }
    unreadableCount = journal.unreadableRecordCount
    observer.journalWarned(
      "\(counted(unreadableCount, "record")) that were read back from the journal since the "
        + "start are damaged and were left out; `tamis inspect` says where they are")
  }

  /// Shows the numbers. Called whenever they change.
  func noteNumbers() {
    show.lastNumber.set(journal.nextNumber - 1)
    show.publishedNumber.set(journal.publishedNumber)
    show.oldestNumber.set(journal.firstNumber ?? 0)
  }

  private func endOldSegment(_ nowNs: UInt64) throws {
    guard segmentAgeMaxNs > 0, journal.openByteCount > 0 else { return }
    if openIndex != journal.openSegmentIndex {
      openIndex = journal.openSegmentIndex
      openSinceNs = nowNs
    }
    if nowNs - openSinceNs >= segmentAgeMaxNs { try journal.endSegment() }
  }

  private func look(nowNs: UInt64, isFull: Bool) {
    lastLookNs = nowNs
    // Where the system does not tell the free bytes, nothing is deleted for lack of space.
    let isKnown = show.freeByteCountUnknown.value == 0
    let free = show.freeByteCount.value
    noteUnknownSpace(!isKnown)
    let isLow = isKnown && free < freeByteCountMin
    noteSpace(isLow: isLow, free: free)
    var missing = isLow ? Int(clamping: freeByteCountMin - free) : 0
    if isFull { missing = max(missing, 1) }
    let verdict = journal.chooseForDeletion(
      limits, missingByteCount: missing, nowS: journal.nowS)
    // While segments are being deleted it is not known yet whether the rest is within the limits.
    if verdict != .deleting { noteHeld(verdict == .heldByUnpublished) }
    noteNumbers()
    noteSizes()
  }

  private func noteSizes() {
    show.segments.set(UInt64(journal.segmentCount))
    show.byteCount.set(UInt64(journal.byteCount))
    show.deletedPublished.set(journal.deleted.published)
    show.deletedUnpublished.set(journal.deleted.unpublished)
  }

  private func noteSpace(isLow: Bool, free: UInt64) {
    note(
      isLow, in: show.spaceLow,
      warning: isLow
        ? "\(free) bytes are free where the journal is, less than journal.free_bytes_min, which is "
          + "\(freeByteCountMin); free space there, or set limits to what is kept"
        : "\(free) bytes are free again where the journal is")
  }

  private func noteUnknownSpace(_ isUnknown: Bool) {
    guard isUnknown != spaceWasUnknown else { return }
    spaceWasUnknown = isUnknown
    observer.journalWarned(
      isUnknown
        ? "the system does not say how many bytes are free where the journal is; nothing is deleted "
          + "for want of space meanwhile"
        : "the system says again how many bytes are free where the journal is")
  }

  private func noteHeld(_ isHeld: Bool) {
    note(
      isHeld, in: show.retentionHeld,
      warning: isHeld
        ? "the journal exceeds its limits, and its oldest segment holds records that were not "
          + "published: it is kept; see to the receivers, or allow journal.delete_unpublished"
        : "nothing that was not published stands against the journal's limits any more")
  }

  /// Sets a gauge of 0 or 1, and warns where it changes.
  private func note(_ isTrue: Bool, in gauge: AtomicCounter, warning: @autoclosure () -> String) {
    guard gauge.value != (isTrue ? 1 : 0) else { return }
    gauge.set(isTrue ? 1 : 0)
    observer.journalWarned(warning())
  }
}
