internal import DurableFiles

extension StoredFile {
  /// Shows the file to `body` in pieces of whole records, of about 1 MiB, with the offset of each. The
  /// last piece may be empty, or end in a part of a record.
  func forEachPiece(
    recordByteCount: Int,
    _ body: (UnsafeRawBufferPointer, _ offset: Int) throws(SystemCallError) -> Void
  ) throws(SystemCallError) {
    let piece = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(1, (1 << 20) / recordByteCount) * recordByteCount, alignment: 64)
    defer { piece.deallocate() }
    var offset = 0
    while true {
      let count = try read(into: piece, at: offset)
      try body(UnsafeRawBufferPointer(rebasing: piece[..<count]), offset)
      offset += count
      if count < piece.count { return }
    }
  }
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
