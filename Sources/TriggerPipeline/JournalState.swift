/// The content of the journal on disk and the room that it has, for metrics, status and the
/// catch-up server. The thread that owns the journal writes it; the thread that waits for the disk
/// writes the free bytes. Any thread reads it.
package final class JournalState: Sendable {
  /// Segment files, the open one among them.
  package let segments = AtomicCounter()
  /// Bytes in all segments.
  package let byteCount = AtomicCounter()
  /// Bytes that are free on the journal's file system for this process.
  package let freeByteCount = AtomicCounter()
  /// The lowest number in the journal; 0 while it is empty.
  package let oldestNumber = AtomicCounter()
  /// The highest number ever written; 0 before the first.
  package let lastNumber = AtomicCounter()
  /// The number of the last published record: the output holds it and all before it no more. 0
  /// before the first.
  package let publishedNumber = AtomicCounter()
  /// Published records that retention has deleted over the journal's life.
  package let deletedPublished = AtomicCounter()
  /// Records that retention has deleted, as the configuration allows, although they were not
  /// published.
  package let deletedUnpublished = AtomicCounter()
  /// 1 while the journal is above its limits and keeps the records because they are not published.
  package let retentionHeld = AtomicCounter()
  /// 1 while less than `journal.free_bytes_min` is free.
  package let spaceLow = AtomicCounter()

  /// 1 while the system does not say how many bytes are free; `freeByteCount` then has the last
  /// known value.
  package let freeByteCountUnknown = AtomicCounter()
  /// 1 while the time of day differs by more than an hour from the time measured since the start.
  package let clockSuspect = AtomicCounter()

  /// Notes the free bytes as the system tells them; nil where it does not tell.
  func note(freeByteCount: UInt64?) {
    if let freeByteCount { self.freeByteCount.set(freeByteCount) }
    freeByteCountUnknown.set(freeByteCount == nil ? 1 : 0)
  }

  /// A journal of which nothing is known yet.
  package init() {}
}
