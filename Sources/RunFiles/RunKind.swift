internal import EventRecords

/// The kind of records in the segments of a run folder.
public enum RunKind: String, Sendable, CaseIterable {
  /// Event records: a recorded stream.
  case events
  /// Flagged records: the events that a trigger kept, with the reasons.
  case flagged

  /// The records, for people.
  var title: String { self == .events ? "event records" : "flagged records" }

  /// The size of one record.
  public func byteCount(featureCount: Int) -> Int {
    switch self {
    case .events: EventRecord.byteCount(featureCount: featureCount)
    case .flagged: FlaggedRecord.byteCount(featureCount: featureCount)
    }
  }

  /// The event record in the record at `base`: itself, or the one it carries.
  @inline(__always)
  func event(at base: UnsafeRawPointer, featureCount: Int) -> EventRecordView {
    switch self {
    case .events: EventRecordView(base)
    case .flagged: FlaggedRecordView(base, featureCount: featureCount).event
    }
  }

  /// Why the record at `base`, of which all bytes are there, is not a good one; nil where it is.
  func refusal(at base: UnsafeRawPointer, featureCount: Int) -> RecordRejection? {
    let event = event(at: base, featureCount: featureCount)
    if self == .flagged {
      let record = FlaggedRecordView(base, featureCount: featureCount)
      if record.magic != FlaggedRecord.magic { return .magic }
      if record.version != FlaggedRecord.version { return .version }
      if record.storedChecksum != record.computedChecksum { return .checksum }
    }
    if event.magic != EventRecord.magic { return .magic }
    if event.version != EventRecord.version { return .version }
    if event.featureCount != featureCount { return .featureCount }
    // A flagged record's checksum covers its event's bytes, checksum included.
    if self == .events, event.storedChecksum != event.computedChecksum { return .checksum }
    return event.kind == nil ? .kind : nil
  }

  /// Whether the flagged record at `base`, of which all bytes are there, is a good one with this number.
  static func isGoodFlagged(
    _ base: UnsafeRawPointer, number: UInt64, featureCount: Int
  ) -> Bool {
    RunKind.flagged.refusal(at: base, featureCount: featureCount) == nil
      && FlaggedRecordView(base, featureCount: featureCount).number == number
  }

  /// D as the first whole record of `bytes` tells it; nil where it does not.
  ///
  /// A flagged record's header does not hold D. It is the D for which an event record of that D
  /// begins after the attributions and the checksum of the whole is right.
  func featureCount(from bytes: UnsafeRawBufferPointer) -> Int? {
    guard let base = bytes.baseAddress, bytes.count >= EventRecord.headerByteCount else {
      return nil
    }
    switch self {
    case .events:
      let first = EventRecordView(base)
      let isRecord = first.magic == EventRecord.magic && first.version == EventRecord.version
      return isRecord ? first.featureCount : nil
    case .flagged:
      return (0...EventRecord.featureCountMax).first { candidate in
        guard byteCount(featureCount: candidate) <= bytes.count else { return false }
        let event = FlaggedRecordView(base, featureCount: candidate).event
        return event.magic == EventRecord.magic && event.featureCount == candidate
          && refusal(at: base, featureCount: candidate) == nil
      }
    }
  }
}
