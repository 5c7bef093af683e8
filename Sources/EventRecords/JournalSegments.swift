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
  /// Records in the closed segments before it, as far as the journal has looked.
  var recordsBefore = 0

  var lastNumber: UInt64 { firstNumber + UInt64(recordCount) - 1 }

  /// Finds the numbers of a closed segment by its size and its first and last record.
  init(_ name: SegmentName, in folder: RunFolder, featureCount: Int) throws {
    let path = folder.path(of: name)
    let file = try folder.store.open(name.description, .reading)
    let recordByteCount = FlaggedRecord.byteCount(featureCount: featureCount)
    let status = try file.status()
    let byteCount = status.byteCount
    guard byteCount > 0, byteCount % recordByteCount == 0 else {
      throw FileFault(
        file: path, found: "\(byteCount) bytes",
        expected: "one or more records of \(recordByteCount) bytes (D = \(featureCount))",
        remedy: Self.remedy)
    }
    let recordCount = byteCount / recordByteCount
    guard
      let first = try firstSegmentNumber(
        of: file, recordCount: recordCount, featureCount: featureCount)
    else {
      throw FileFault(
        file: path, found: "no whole record that could be among \(recordCount)",
        expected: "records of D = \(featureCount)", remedy: Self.remedy)
    }
    let last = first + UInt64(recordCount - 1)
    if let stated = try goodNumber(of: file, record: recordCount - 1, featureCount: featureCount),
      stated != last
    {
      throw FileFault(
        file: path, found: "\(recordCount) records from number \(first) to \(stated)",
        expected: "numbers without a gap", remedy: Self.remedy)
    }
    self.init(
      name: name, firstNumber: first, recordCount: recordCount, byteCount: byteCount,
      writtenS: status.modifiedS)
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
}

/// The number of the first record of a segment, as its first good record tells it: a power failure
/// may leave wrong ones before. Nil where no record is good, or the number cannot be. Reads one
/// record of a segment without damage.
func firstSegmentNumber(
  of file: any StoredFile, recordCount: Int, featureCount: Int
) throws(SystemCallError) -> UInt64? {
  for index in 0..<recordCount {
    guard let number = try goodNumber(of: file, record: index, featureCount: featureCount) else {
      continue
    }
    guard number > UInt64(index) else { return nil }
    let first = number - UInt64(index)
    let (last, isTooMuch) = first.addingReportingOverflow(UInt64(recordCount))
    return isTooMuch || last > NumberReservation.numberMax ? nil : first
  }
  return nil
}

/// The number of a record; nil where it is not a good one.
private func goodNumber(
  of file: any StoredFile, record index: Int, featureCount: Int
) throws(SystemCallError) -> UInt64? {
  let byteCount = FlaggedRecord.byteCount(featureCount: featureCount)
  let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 64)
  defer { buffer.deallocate() }
  guard try file.read(into: buffer, at: index * byteCount) == byteCount,
    let base = UnsafeRawPointer(buffer.baseAddress),
    RunKind.flagged.refusal(at: base, featureCount: featureCount) == nil
  else { return nil }
  return FlaggedRecordView(base, featureCount: featureCount).number
}
