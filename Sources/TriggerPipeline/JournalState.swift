/// What the journal on disk holds and how much room it has, for metrics, the catch-up server and
/// whoever shows it. Written by the thread that owns the journal, and the free bytes by the one that
/// waits for the disk; read by any.
public final class JournalState: Sendable {
  /// Segment files, the open one among them.
  public let segments = AtomicCounter()
  /// Bytes in all segments.
  public let byteCount = AtomicCounter()
  /// Bytes that the journal's file system has left for us.
  public let freeByteCount = AtomicCounter()
  /// The lowest number in the journal; 0 while it is empty.
  public let oldestNumber = AtomicCounter()
  /// The highest number ever written; 0 before the first.
  public let lastNumber = AtomicCounter()
  /// The number of the last record handed to the output; 0 before the first.
  public let publishedNumber = AtomicCounter()
  /// Published records that retention has deleted over the journal's life.
  public let deletedPublished = AtomicCounter()
  /// Records that retention has deleted, as the configuration allows, though they were not published.
  public let deletedUnpublished = AtomicCounter()
  /// 1 while the limits would have records deleted that were not published, which are kept.
  public let retentionHeld = AtomicCounter()
  /// 1 while less than `journal.free_bytes_min` is free.
  public let spaceLow = AtomicCounter()

  /// 1 while the system does not say how many bytes are free; `freeByteCount` is then the last that
  /// it said.
  public let freeByteCountUnknown = AtomicCounter()
  /// 1 while the system's clock is more than an hour off what has passed since the start.
  public let clockSuspect = AtomicCounter()

  /// Notes what the system says of the free bytes; nil where it says nothing.
  func note(freeByteCount: UInt64?) {
    if let freeByteCount { self.freeByteCount.set(freeByteCount) }
    freeByteCountUnknown.set(freeByteCount == nil ? 1 : 0)
  }

  /// A journal of which nothing is known yet.
  public init() {}
}
