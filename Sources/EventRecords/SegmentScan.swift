/// What a look at every record of a segment finds.
struct SegmentScan {
  /// A place where a good record should be and is not.
  struct Defect: Equatable, Sendable {
    /// Index in the segment.
    var record: Int
    var byteOffset: Int
    var refusal: RecordRefusal
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

  /// Checks all whole records of `bytes`, which lie on a grid of the record's size, and shows each
  /// good one to `body`.
  init(
    _ bytes: UnsafeRawBufferPointer, kind: RunKind, featureCount: Int,
    body: (UnsafeRawPointer) -> Void = { _ in }
  ) {
    let byteCount = kind.byteCount(featureCount: featureCount)
    // Wrong records since the last good one: the tail, should no good one follow.
    var trailing: [Defect] = []
    var trailingCount = 0
    for index in 0..<(bytes.count / byteCount) {
      guard let base = bytes.baseAddress else { break }
      let record = base + index * byteCount
      if let refusal = kind.refusal(at: record, featureCount: featureCount) {
        trailingCount += 1
        if defects.count + trailing.count < Self.defectsListedMax {
          trailing.append(
            Defect(record: index, byteOffset: index * byteCount, refusal: refusal))
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
    tailByteCount = bytes.count - recordCount * byteCount
  }
}
