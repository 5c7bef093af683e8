internal import DurableFiles

extension StoredFile {
  /// Shows what was written of the file to `body` in pieces of whole records, of about 1 MiB, with the
  /// offset of each. The last piece may end in a part of a record. Between two pieces is a hole of whole
  /// records, none of which is a good one.
  func forEachPiece(
    recordByteCount: Int,
    _ body: (UnsafeRawBufferPointer, _ offset: Int) throws(SystemCallError) -> Void
  ) throws(SystemCallError) {
    let piece = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(1, (1 << 20) / recordByteCount) * recordByteCount, alignment: 64)
    defer { piece.deallocate() }
    var offset = 0
    while let range = try writtenRange(from: offset) {
      let records = recordBytes(in: range, from: offset, recordByteCount: recordByteCount)
      offset = records.lowerBound
      while offset < records.upperBound {
        let wanted = min(piece.count, records.upperBound - offset)
        let count = try read(
          into: UnsafeMutableRawBufferPointer(rebasing: piece[..<wanted]), at: offset)
        if count > 0 { try body(UnsafeRawBufferPointer(rebasing: piece[..<count]), offset) }
        // The file ends within its last record, or somebody has cut it.
        if count < wanted { return }
        offset += count
      }
    }
  }
}

/// The bytes of `range`, widened to whole records of `recordByteCount` bytes, but not before `start`, where
/// a record begins.
///
/// A file can be made longer than any disk without a byte in it. A reader therefore looks only at the
/// records that have a written byte, and passes over the holes between them.
func recordBytes(in range: Range<Int>, from start: Int, recordByteCount: Int) -> Range<Int> {
  let first = max(start, range.lowerBound / recordByteCount * recordByteCount)
  let end = (range.upperBound + recordByteCount - 1) / recordByteCount * recordByteCount
  return first..<max(first, end)
}

extension UnsafeMutableRawBufferPointer {
  /// Moves the whole records for which `isKept` is true to the front, in their order. Returns their
  /// count.
  package func compactRecords(
    byteCount: Int, _ isKept: (_ record: UnsafeRawPointer, _ index: Int) -> Bool
  ) -> Int {
    guard let base = baseAddress else { return 0 }
    var kept = 0
    for index in 0..<(count / byteCount) {
      let record = base + index * byteCount
      guard isKept(record, index) else { continue }
      if kept < index { (base + kept * byteCount).copyMemory(from: record, byteCount: byteCount) }
      kept += 1
    }
    return kept
  }
}
