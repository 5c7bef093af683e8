internal import EventRecords

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

  private static let lookIntervalNs: UInt64 = 1_000_000_000

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
    show.freeByteCount.set(FreeSpace(of: journal.folder).byteCount ?? 0)
    noteNumbers()
    noteSizes()
  }

  /// Does what is due. Cheap when nothing is.
  func service(nowNs: UInt64) throws {
    try endOldSegment(nowNs)
    guard nowNs - lastLookNs >= Self.lookIntervalNs else { return }
    look(nowNs: nowNs, isFull: false)
  }

  /// Tries to make room, at once, where a write has just failed.
  func makeRoom() { look(nowNs: clock.monotonicNs, isFull: true) }

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
    let free = show.freeByteCount.value
    noteSpace(isLow: free < freeByteCountMin, free: free)
    var missing = free < freeByteCountMin ? Int(clamping: freeByteCountMin - free) : 0
    if isFull { missing = max(missing, 1) }
    let verdict = journal.chooseForDeletion(
      limits, missingByteCount: missing, nowS: Int(clock.realtimeNs / 1_000_000_000))
    // While segments are deleted it is not known yet whether what is left stands against the limits.
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
    guard show.spaceLow.value != (isLow ? 1 : 0) else { return }
    show.spaceLow.set(isLow ? 1 : 0)
    observer.journalWarned(
      isLow
        ? "\(free) bytes are free where the journal is, less than journal.free_bytes_min, which is "
          + "\(freeByteCountMin); free space there, or set limits to what is kept"
        : "\(free) bytes are free again where the journal is")
  }

  private func noteHeld(_ isHeld: Bool) {
    guard show.retentionHeld.value != (isHeld ? 1 : 0) else { return }
    show.retentionHeld.set(isHeld ? 1 : 0)
    observer.journalWarned(
      isHeld
        ? "the journal exceeds its limits, and its oldest segment holds records that were not "
          + "published: it is kept; see to the receivers, or allow journal.delete_unpublished"
        : "nothing that was not published stands against the journal's limits any more")
  }
}
