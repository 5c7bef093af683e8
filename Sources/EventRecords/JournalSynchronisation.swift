public import DurableFiles

/// The files of a journal that have to reach the disk, held by handles of their own: the journal
/// may go on, and even close its segment, while another thread waits for the disk.
public struct JournalSynchronisation: ~Copyable {
  private let segment: OpenFile?
  private let cursor: OpenFile

  init(segment: consuming OpenFile?, cursor: consuming OpenFile) {
    self.segment = segment
    self.cursor = cursor
  }

  /// Returns when what had been written before this value was made is on the disk: the records
  /// first, then the number up to which they were published.
  public borrowing func run() throws(SystemCallError) {
    try segment?.synchronise()
    try cursor.synchronise()
  }
}
