internal import DurableFiles

/// What a journal has to have done by the disk: the journal may go on, and even begin its next
/// segment, while another thread waits for it.
public struct JournalSynchronisation: ~Copyable {
  private let closings: [ClosingSegment]
  private let segment: OpenFile?
  private let entry: FolderEntry?
  private let cursor: OpenFile
  private let removal: SegmentRemoval?

  init(
    closings: [ClosingSegment], segment: consuming OpenFile?, entry: FolderEntry?,
    cursor: consuming OpenFile, removal: SegmentRemoval?
  ) {
    self.closings = closings
    self.segment = segment
    self.entry = entry
    self.cursor = cursor
    self.removal = removal
  }

  /// Returns when what had been written before this value was made is on the disk: the records
  /// first, full segments under their final names, then the number up to which they were published.
  /// Old segments go last, when the disk knows that they are not needed.
  ///
  /// - Throws: `SystemCallError`, or `FileFault` where another file has a segment's name.
  public borrowing func run() throws {
    for closing in closings { try closing.run() }
    try segment?.synchronise()
    try entry?.synchronise()
    try cursor.synchronise()
    try removal?.run()
  }
}
