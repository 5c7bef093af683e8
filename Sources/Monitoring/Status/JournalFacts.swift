internal import BoundedNumbers
internal import TriggerPipeline

/// The journal.
package struct JournalFacts: Equatable, Sendable {
  /// Records written.
  package var records: UInt64 = 0
  /// Bytes written.
  package var bytes: UInt64 = 0
  /// Attempts to write that failed.
  package var failures: UInt64 = 0
  /// The age of the oldest record that is not yet on the disk itself; 0 while there is none.
  package var lagSeconds = 0.0
  /// Its folder and file system; nil where they are not observed.
  package var storage: Storage?

  /// The journal's files.
  package struct Storage: Equatable, Sendable {
    /// Segments, the open one included.
    package var segments: Int
    /// Bytes of all segments.
    package var sizeBytes: UInt64
    /// Bytes that are free on the file system for this process.
    package var freeBytes: UInt64
    /// The number of the oldest record that is still there.
    package var oldestNumber: UInt64
    /// The highest number ever journaled.
    package var lastNumber: UInt64
    /// The number of the last published record: the output holds it and all before it no more.
    package var publishedNumber: UInt64
    /// Records deleted by rotation after they were published.
    package var deletedPublished: UInt64
    /// Records deleted by rotation that were never published.
    package var deletedUnpublished: UInt64
    /// Whether less is free than the configuration wants.
    package var isSpaceLow = false
    /// Whether the system's clock is far off what has passed since the start.
    package var isClockSuspect = false
    /// Whether it exceeds its limits because only unpublished records could be deleted.
    package var isRetentionHeld = false

    /// Creates the facts of a journal within its limits.
    package init(
      segments: Int, sizeBytes: UInt64, freeBytes: UInt64, oldestNumber: UInt64,
      lastNumber: UInt64, publishedNumber: UInt64, deletedPublished: UInt64 = 0,
      deletedUnpublished: UInt64 = 0
    ) {
      self.segments = segments
      self.sizeBytes = sizeBytes
      self.freeBytes = freeBytes
      self.oldestNumber = oldestNumber
      self.lastNumber = lastNumber
      self.publishedNumber = publishedNumber
      self.deletedPublished = deletedPublished
      self.deletedUnpublished = deletedUnpublished
    }
  }

  /// Empty.
  package init() {}
}

extension JournalFacts {
  /// Of the whole status, since it is the daemon's life that says why nothing is written.
  static let figures: [Figure<DaemonStatus>] = [
    Figure(
      "records", "tamis_records_journaled_total", "Flagged records written to the journal.",
      \.journal.records, from: \.journaled),
    Figure(
      "bytes", "tamis_journal_bytes_total", "Bytes written to the journal.", \.journal.bytes,
      from: \.journaledBytes),
    Figure(
      "failures", "tamis_journal_failures_total", "Attempts to write the journal that failed.",
      \.journal.failures, from: \.journalFailures),
    Figure("stalled", "tamis_journal_stalled", "1 while the journal cannot be written.") {
      .truth($0.life.stallReason != nil)
    },
    Figure(
      "lag_seconds", "tamis_journal_lag_seconds",
      "Age of the oldest record that is not yet on the disk itself; 0 while there is none."
    ) { .real($0.journal.lagSeconds) },
    storage(
      "segments", "tamis_journal_segments", "Segments of the journal, the open one included."
    ) { .integer($0.segments) },
    storage("size_bytes", "tamis_journal_size_bytes", "Size of all segments.") {
      .count($0.sizeBytes)
    },
    storage(
      "free_bytes", "tamis_journal_free_bytes", "Bytes that are free on the journal's file system."
    ) { .count($0.freeBytes) },
    storage(
      "oldest_number", "tamis_journal_oldest_number",
      "Number of the oldest record that is still there."
    ) { .count($0.oldestNumber) },
    storage(
      "last_number", "tamis_journal_last_number", "Highest record number ever journaled."
    ) { .count($0.lastNumber) },
    storage(
      "published_number", "tamis_journal_published_number", "Number of the last record published."
    ) { .count($0.publishedNumber) },
    storage(
      "space_low", "tamis_journal_space_low", "1 while less than journal.free_bytes_min is free."
    ) { .truth($0.isSpaceLow) },
    storage(
      "clock_suspect", "tamis_journal_clock_suspect",
      "1 while the system's clock is far off what has passed since the start.", ahead: 1
    ) { .truth($0.isClockSuspect) },
    storage(
      "retention_held", "tamis_journal_retention_held",
      "1 while the journal exceeds its limits because only unpublished records could go."
    ) { .truth($0.isRetentionHeld) },
    storage("deleted_published") { .count($0.deletedPublished) },
    storage("deleted_unpublished") { .count($0.deletedUnpublished) },
    storage(
      nil, "tamis_journal_records_deleted_total",
      "Records deleted by rotation, by whether they had been published."
    ) {
      .labelled("published", [("true", $0.deletedPublished), ("false", $0.deletedUnpublished)])
    },
  ]

  private static func storage(
    _ key: String?, _ metric: String? = nil, _ help: String = "", ahead: Int = 0,
    value: @escaping @Sendable (Storage) -> FigureValue
  ) -> Figure<DaemonStatus> {
    Figure(key, metric, help, ahead: ahead) { $0.journal.storage.map(value) }
  }
}

/// The output socket.
package struct OutputFacts: Equatable, Sendable {
  /// Journaled records that wait for it.
  package var waiting: UInt64 = 0
  /// Records of the topic `flagged` that the output has taken, each counted once.
  package var publishedFlagged: UInt64 = 0
  /// The same for the topic `unbiased`.
  package var publishedUnbiased: UInt64 = 0
  /// The same for the topic `unflagged`.
  package var publishedUnflagged: UInt64 = 0
  /// Kept events that could not be journaled.
  package var abandoned: UInt64 = 0
  /// Sends that it could not take.
  package var blocked: UInt64 = 0
  /// Subscriptions to a PUB output.
  package var subscribers: UInt64 = 0
  /// Records that were sent again.
  package var repeated: UInt64 = 0

  /// Nothing sent.
  package init() {}

  /// Records of all topics that the output has taken, each counted once.
  package var published: UInt64 { publishedFlagged +| publishedUnbiased +| publishedUnflagged }
}

extension OutputFacts {
  static let figures: [Figure<OutputFacts>] = [
    Figure(
      "waiting", "tamis_records_waiting", "Journaled records that wait for the output.",
      \.waiting, from: \.waiting),
    Figure(
      "published", "tamis_records_published_total",
      "Records that the output socket has taken, each counted once, by topic.", ahead: 1,
      by: "topic",
      [
        ("flagged", \.publishedFlagged, \.publishedFlagged),
        ("unbiased", \.publishedUnbiased, \.publishedUnbiased),
        ("unflagged", \.publishedUnflagged, \.publishedUnflagged),
      ]),
    Figure(
      "abandoned", "tamis_records_abandoned_total", "Kept events that could not be journaled.",
      \.abandoned, from: \.abandoned),
    Figure(
      "blocked", "tamis_output_blocked_total", "Sends that the output could not take.", \.blocked,
      from: \.outputBlocked),
    Figure(
      "subscribers", "tamis_output_subscribers",
      "Topics of a PUB output that have a subscriber.", \.subscribers, from: \.subscribers),
    Figure(
      nil, "tamis_records_repeated_total",
      "Records sent again, since it was not certain that they had arrived.", \.repeated,
      from: \.repeated),
  ]
}
