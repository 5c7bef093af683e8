internal import DurableFiles
internal import Glibc

/// A closed segment of a flagged journal: its records bear the numbers
/// `firstNumber ..< firstNumber + recordCount`.
struct JournalSegment {
  var name: SegmentName
  var firstNumber: UInt64
  var recordCount: Int
  var byteCount: Int
  /// When the last record was written, in seconds since the epoch.
  var writtenS: Int

  var lastNumber: UInt64 { firstNumber + UInt64(recordCount) - 1 }

  /// Finds the numbers of a closed segment by its size and its first and last record.
  init(_ name: SegmentName, in folder: RunFolder, featureCount: Int) throws {
    let path = folder.path(of: name)
    let file = try OpenFile(opening: path, flags: O_RDONLY)
    let recordByteCount = FlaggedRecord.byteCount(featureCount: featureCount)
    let byteCount = try file.byteCount()
    guard byteCount > 0, byteCount % recordByteCount == 0 else {
      throw FileFault(
        file: path, found: "\(byteCount) bytes",
        expected: "one or more records of \(recordByteCount) bytes (D = \(featureCount))",
        remedy: Self.remedy)
    }
    let recordCount = byteCount / recordByteCount
    let first = try Self.number(file, record: 0, featureCount: featureCount)
    let last = try Self.number(file, record: recordCount - 1, featureCount: featureCount)
    guard first > 0, last >= first, last - first == UInt64(recordCount - 1) else {
      throw FileFault(
        file: path, found: "\(recordCount) records from number \(first) to \(last)",
        expected: "numbers without a gap", remedy: Self.remedy)
    }
    self.init(
      name: name, firstNumber: first, recordCount: recordCount, byteCount: byteCount,
      writtenS: try file.modifiedS())
  }

  init(
    name: SegmentName, firstNumber: UInt64, recordCount: Int, byteCount: Int, writtenS: Int
  ) {
    self.name = name
    self.firstNumber = firstNumber
    self.recordCount = recordCount
    self.byteCount = byteCount
    self.writtenS = writtenS
  }

  static let remedy = "look at it with `tamis inspect`, and move it out of the journal"

  private static func number(
    _ file: borrowing OpenFile, record index: Int, featureCount: Int
  ) throws -> UInt64 {
    let byteCount = FlaggedRecord.byteCount(featureCount: featureCount)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 64)
    defer { buffer.deallocate() }
    _ = try file.read(into: buffer, at: index * byteCount)
    guard let base = UnsafeRawPointer(buffer.baseAddress) else { return 0 }
    if let refusal = RunKind.flagged.refusal(at: base, featureCount: featureCount) {
      var fault = recordFault(
        file: file.path, index: index, byteOffset: index * byteCount, refusal: refusal, base: base,
        kind: .flagged, featureCount: featureCount)
      fault.remedy = remedy
      throw fault
    }
    return FlaggedRecordView(base, featureCount: featureCount).number
  }
}
