internal import DurableFiles

/// One segment of a run, mapped into memory. The bytes stay valid as long as it lives.
final class MappedSegment: Sendable {
  let path: String
  let kind: RunKind
  let featureCount: Int
  let recordByteCount: Int
  /// Whole records; in an open segment those up to the last good one.
  let recordCount: Int
  /// Notes for the user: an open segment, a torn tail.
  let notes: [String]
  private let file: MappedFile

  /// The whole records, one after another.
  var recordBytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: file.bytes[..<(recordCount * recordByteCount)])
  }

  /// Takes the records of a mapped file. A closed segment must hold whole records; of a segment
  /// that is still open, or was left open by a crash, the whole records up to the last good one
  /// count.
  init(_ file: MappedFile, kind: RunKind, featureCount: Int) throws(FileFault) {
    let byteCount = kind.byteCount(featureCount: featureCount)
    let tail = file.bytes.count % byteCount
    path = file.path
    self.file = file
    self.kind = kind
    self.featureCount = featureCount
    recordByteCount = byteCount
    guard file.path.hasSuffix(SegmentName.openSuffix) else {
      guard tail == 0 else {
        throw FileFault(
          file: file.path, place: "byte \(file.bytes.count - tail)",
          found: "\(tail) bytes at the end", expected: "a whole record of \(byteCount) bytes",
          remedy: "the file was cut or belongs to another D (\(featureCount) is the run's)")
      }
      recordCount = file.bytes.count / byteCount
      notes = []
      return
    }
    let scan = SegmentScan(file.bytes, kind: kind, featureCount: featureCount)
    recordCount = scan.recordCount
    let name = lastComponent(file.path)
    notes =
      ["\(name): open, \(scan.recordCount) whole records"]
      + (scan.tailByteCount > 0 ? ["\(name): a torn tail of \(scan.tailByteCount) bytes"] : [])
  }

  /// The first byte of record `index`, which must be one of the segment's.
  @inline(__always)
  func record(_ index: Int) -> UnsafeRawPointer {
    precondition(0..<recordCount ~= index)
    guard let base = file.bytes.baseAddress else { preconditionFailure("an empty segment") }
    return base + index * recordByteCount
  }

  /// Record `index` as a flagged one; nil in a segment of events.
  func flagged(_ index: Int) -> FlaggedRecordView? {
    kind == .flagged ? FlaggedRecordView(record(index), featureCount: featureCount) : nil
  }

  /// Throws where record `index` is not a good one.
  func check(_ index: Int) throws(FileFault) {
    let base = record(index)
    if let refusal = kind.refusal(at: base, featureCount: featureCount) {
      throw fault(index, refusal)
    }
  }

  /// Says what is wrong with record `index`.
  func fault(_ index: Int, _ refusal: RecordRejection) -> FileFault {
    recordFault(
      file: path, index: index, byteOffset: index * recordByteCount, refusal: refusal,
      base: record(index), kind: kind, featureCount: featureCount)
  }
}
