internal import DurableFiles

/// What a journal has to have done by the disk: the journal may go on, and even begin its next
/// segment, while another thread waits for it.
public struct JournalSynchronisation: ~Copyable, Sendable {
  let closings: [ClosingSegment]
  let segment: SegmentFile?
  let segmentByteCount: Int
  let cursor: PublishedCursor
  let removal: SegmentRemoval?
  let numbers: NumberReservation
  /// What is to be reserved; 0 where enough is.
  let numberLimit: UInt64
  let segmentLimit: UInt64

  /// Returns when what had been written before this value was made is on the disk: the records
  /// first, full segments under their final names, then the number up to which they were published.
  /// Old segments go last, when the disk knows that they are not needed.
  ///
  /// - Throws: `SystemCallError`, or `FileFault` where another file has a segment's name.
  public borrowing func run() throws {
    if numberLimit > 0 { try numbers.extend(numbers: numberLimit, segments: segmentLimit) }
    for closing in closings { try closing.run() }
    try segment?.synchronise(through: segmentByteCount)
    try cursor.synchronise()
    try removal?.run()
  }
}
