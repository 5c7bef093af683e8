internal import DurableFiles

/// The work that a journal has for the disk. The journal may continue, and even begin its next
/// segment, while another thread does it.
public struct JournalSynchronisation: ~Copyable, Sendable {
  let store: any FolderStore
  let closings: [ClosingSegment]
  let segment: SegmentFile?
  let segmentByteCount: Int
  let cursor: PublishedCursor
  let removal: SegmentRemoval?
  let numbers: NumberReservation
  /// The numbers to reserve; 0 where enough are reserved.
  let numberLimit: UInt64
  let segmentLimit: UInt64

  /// Returns when everything that was written before this value was made is on the disk: first the
  /// records, then full segments under their final names, then the published number. Old segments
  /// are deleted last, when the disk has the number that makes them unneeded.
  ///
  /// - Throws: `SystemCallError`, also where the journal's folder is no longer in its place, or
  ///   `FileFault` where another file has a segment's name.
  public borrowing func run() throws {
    try store.confirmPlace()
    if numberLimit > 0 { try numbers.extend(numbers: numberLimit, segments: segmentLimit) }
    for closing in closings { try closing.run() }
    try segment?.synchronise(through: segmentByteCount)
    try cursor.synchronise()
    try removal?.run()
  }
}
