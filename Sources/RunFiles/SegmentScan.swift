internal import DurableFiles
internal import EventRecords

/// The result of checking every record of a segment.
struct SegmentScan {
  /// A place where a good record should be and none is.
  struct Defect: Equatable, Sendable {
    /// Index in the segment.
    var record: Int
    var byteOffset: Int
    var refusal: RecordRejection
  }

  /// The most defects that are listed one by one.
  static let defectsListedMax = 16

  /// Records up to and with the last good one.
  private(set) var recordCount = 0
  /// Wrong records that have a good one behind them, the first few of them.
  private(set) var defects: [Defect] = []
  /// How many there are in all.
  private(set) var defectCount = 0
  /// Bytes behind the last good record.
  private(set) var tailByteCount = 0

  private let kind: RunKind
  private let featureCount: Int
  private var byteCount = 0
  private var index = 0
  // Wrong records since the last good one: the tail, should no good one follow.
  private var trailing: [Defect] = []
  private var trailingCount = 0

  /// Nothing was looked at yet.
  init(kind: RunKind, featureCount: Int) {
    self.kind = kind
    self.featureCount = featureCount
  }

  /// Checks all whole records of `bytes`, which lie on a grid of the record's size, and shows each
  /// good one to `body`.
  init(
    _ bytes: UnsafeRawBufferPointer, kind: RunKind, featureCount: Int,
    body: (UnsafeRawPointer) -> Void = { _ in }
  ) {
    self.init(kind: kind, featureCount: featureCount)
    add(bytes, body: body)
  }

  /// Checks all of a mapped segment, and shows each good record to `body`. Records that lie in a hole of
  /// the file are none, and are not looked at.
  init(
    _ file: MappedFile, kind: RunKind, featureCount: Int,
    body: (UnsafeRawPointer) -> Void = { _ in }
  ) {
    self.init(kind: kind, featureCount: featureCount)
    let recordByteCount = kind.byteCount(featureCount: featureCount)
    withExtendedLifetime(file) {
      for range in file.writtenRanges {
        let records = recordBytes(in: range, from: byteCount, recordByteCount: recordByteCount)
        let end = min(records.upperBound, file.bytes.count)
        guard records.lowerBound < end else { continue }
        skip(byteCount: records.lowerBound - byteCount)
        add(UnsafeRawBufferPointer(rebasing: file.bytes[records.lowerBound..<end]), body: body)
      }
      skip(byteCount: file.bytes.count - byteCount)
    }
  }

  /// Takes the next bytes of the segment for a hole, unseen: whole records, but for the last of the file,
  /// none of which is good.
  mutating func skip(byteCount skipped: Int) {
    let recordByteCount = kind.byteCount(featureCount: featureCount)
    let count = skipped / recordByteCount
    for place in 0..<min(count, max(0, Self.defectsListedMax - defects.count - trailing.count)) {
      let record = index + place
      trailing.append(
        Defect(record: record, byteOffset: record * recordByteCount, refusal: .magic))
    }
    trailingCount += count
    index += count
    byteCount += skipped
    tailByteCount = byteCount - recordCount * recordByteCount
  }

  /// Checks the next bytes of the segment. All pieces but the last hold whole records.
  mutating func add(
    _ bytes: UnsafeRawBufferPointer, body: (UnsafeRawPointer) -> Void = { _ in }
  ) {
    let recordByteCount = kind.byteCount(featureCount: featureCount)
    byteCount += bytes.count
    for place in 0..<(bytes.count / recordByteCount) {
      guard let base = bytes.baseAddress else { break }
      let record = base + place * recordByteCount
      defer { index += 1 }
      if let refusal = kind.refusal(at: record, featureCount: featureCount) {
        trailingCount += 1
        if defects.count + trailing.count < Self.defectsListedMax {
          trailing.append(
            Defect(record: index, byteOffset: index * recordByteCount, refusal: refusal))
        }
        continue
      }
      recordCount = index + 1
      defectCount += trailingCount
      defects += trailing
      trailingCount = 0
      trailing = []
      body(record)
    }
    tailByteCount = byteCount - recordCount * recordByteCount
  }
}
