internal import DurableFiles
internal import EventRecords
internal import Glibc
internal import NumberText
internal import Synchronization

/// One segment of a run, mapped into memory when it is read.
final class MappedSegment: Sendable {
  let path: String
  let kind: RunKind
  let featureCount: Int
  let recordByteCount: Int
  /// Whole records; in an open segment those up to the last good one.
  let recordCount: Int
  /// The size of the file.
  let byteCount: Int
  /// Notes for the user: an open segment, a torn tail.
  let notes: [String]
  /// The fault of a journal's segment; nil where none was found.
  let damage: String?
  private let mappings: SegmentMappings
  private let last: Mutex<LastMapping>

  private struct LastMapping: Sendable { weak var file: MappedFile? }

  /// Takes the records of a mapped file. A closed segment of a recorded run must hold whole records; in a
  /// journal, a torn end is left out, and so is what somebody has added: what is longer than the manifest
  /// says of it (`listed`), and a hole at the end. Of a segment that is still open, or that a crash left
  /// open, the whole records with a right checksum count.
  init(
    _ file: MappedFile, kind: RunKind, featureCount: Int, isOfJournal: Bool,
    listed: RunManifest.Segment?, mappings: SegmentMappings
  ) throws(FileFault) {
    let recordByteCount = kind.byteCount(featureCount: featureCount)
    let tail = file.bytes.count % recordByteCount
    path = file.path
    byteCount = file.bytes.count
    self.kind = kind
    self.featureCount = featureCount
    self.recordByteCount = recordByteCount
    self.mappings = mappings
    last = Mutex(LastMapping(file: file))
    mappings.keep(file)
    let name = lastComponent(file.path)
    guard SegmentName(name)?.isOpen ?? file.path.hasSuffix(SegmentName.openSuffix) else {
      let whole = file.bytes.count / recordByteCount
      notes = []
      let torn = counted(tail, "byte")
      if isOfJournal {
        let records = Self.recordsWithoutAddition(
          to: file, kind: kind, featureCount: featureCount, listed)
        recordCount = records.count
        damage =
          records.addition.map { "\(file.path): \($0)" }
          ?? (tail > 0 ? "\(name): \(torn) at the end that are no whole record" : nil)
        return
      }
      recordCount = whole
      damage = nil
      if let listed, listed.byteCount < byteCount || listed.byteCount > byteCount && tail == 0 {
        throw FileFault(otherSize: byteCount, expected: listed.byteCount, file: file.path)
      }
      if tail > 0 {
        throw FileFault(
          file: file.path, place: "byte \(file.bytes.count - tail)",
          found: "\(torn) at the end",
          expected: "a whole record of \(recordByteCount) bytes",
          remedy: "the file was cut or belongs to another D (\(featureCount) is the run's)")
      }
      return
    }
    let scan = SegmentScan(file, kind: kind, featureCount: featureCount)
    recordCount = scan.recordCount
    damage = nil
    let tornText = counted(scan.tailByteCount, "byte")
    notes =
      [
        "\(name) is open, or was left open by a crash; what is used of it: "
          + counted(scan.recordCount, "whole record")
      ]
      + (scan.tailByteCount > 0
        ? ["\(name) ends in \(tornText) that are no whole record, and are left out"] : [])
  }

  /// The records of a journal's closed segment, which never grows, and what is said of a file that is
  /// longer. A size that nothing explains is not read through.
  private static func recordsWithoutAddition(
    to file: MappedFile, kind: RunKind, featureCount: Int, _ listed: RunManifest.Segment?
  ) -> (count: Int, addition: String?) {
    let recordByteCount = kind.byteCount(featureCount: featureCount)
    let whole = file.bytes.count / recordByteCount
    let found = "found \(counted(file.bytes.count, "byte"))"
    let advice = "look at what was added; without a daemon `truncate -s` to that size removes it"
    if let listed, listed.byteCount < file.bytes.count, let base = file.bytes.baseAddress,
      whole > 0,
      RunKind.flagged.refusal(at: base, featureCount: featureCount) == nil,
      FlaggedRecordView(base, featureCount: featureCount).number == listed.summary?.firstNumber
    {
      return (
        min(whole, listed.recordCount),
        "\(found), expected \(listed.byteCount), as the manifest says; the rest is left out: \(advice)"
      )
    }
    if file.writtenRanges == [0..<file.bytes.count] || whole == 0 { return (whole, nil) }
    func isGood(_ index: Int) -> Bool {
      file.bytes.baseAddress.map {
        kind.refusal(at: $0 + index * recordByteCount, featureCount: featureCount) == nil
      } ?? false
    }
    let good = file.writtenRanges.lazy.reversed().compactMap { range -> Int? in
      let bytes = recordBytes(in: range, from: 0, recordByteCount: recordByteCount)
      let end = min(whole, bytes.upperBound / recordByteCount)
      return (min(end, bytes.lowerBound / recordByteCount)..<end).last(where: isGood)
    }
    let count = good.first.map { $0 + 1 } ?? 0
    // A hole between good records is damage of single records, which are told one by one.
    if count == whole { return (whole, nil) }
    return (
      count,
      "\(found), expected \(count * recordByteCount): behind the last good record is a hole; the rest is "
        + "left out: \(advice)"
    )
  }

  /// Shows the records to `body`, within which they are mapped. The records stay mapped until
  /// `SegmentMappings.countMax` other segments have been read; with fewer segments, as long as the
  /// run lives.
  @inline(__always)
  func read<Result, Failure: Error>(
    _ body: (SegmentRecords) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let file = mapped()
    defer { withExtendedLifetime(file) {} }
    return try body(
      SegmentRecords(
        segment: self,
        bytes: UnsafeRawBufferPointer(rebasing: file.bytes[..<(recordCount * recordByteCount)])))
  }

  private func mapped() -> MappedFile {
    last.withLock { last in
      if let file = last.file { return file }
      let file = mapAgain()
      last.file = file
      mappings.keep(file)
      return file
    }
  }

  /// The file was whole when the run was opened. Readers have no way to go on without it.
  private func mapAgain() -> MappedFile {
    do {
      let file = try MappedFile(path)
      if file.bytes.count >= recordCount * recordByteCount { return file }
      endProcess("\(path): found \(file.bytes.count) bytes, expected \(byteCount) as at the start")
    } catch {
      endProcess("\(error)")
    }
  }

  private func endProcess(_ reason: String) -> Never {
    let line = Array(
      "error: \(reason); another program has changed the run while it was read\n".utf8)
    line.withUnsafeBytes { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
    _exit(1)
  }
}

extension FileFault {
  /// A segment is not as long as the manifest says.
  init(otherSize found: Int, expected: Int, file: String) {
    self.init(
      file: file, found: counted(found, "byte"), expected: "\(expected), as the manifest says",
      remedy: "the file was changed after the run was closed; get it again")
  }
}

/// The records of a segment while they are mapped.
struct SegmentRecords {
  let segment: MappedSegment
  /// The whole records, one after another.
  let bytes: UnsafeRawBufferPointer

  /// The first byte of record `index`, which must be one of the segment's.
  @inline(__always)
  subscript(index: Int) -> UnsafeRawPointer {
    precondition(0..<segment.recordCount ~= index)
    guard let base = bytes.baseAddress else { preconditionFailure("an empty segment") }
    return base + index * segment.recordByteCount
  }

  /// Record `index` as a flagged one; nil in a segment of events.
  func flagged(_ index: Int) -> FlaggedRecordView? {
    segment.kind == .flagged
      ? FlaggedRecordView(self[index], featureCount: segment.featureCount) : nil
  }

  /// Throws where record `index` is not a good one.
  func check(_ index: Int) throws(FileFault) {
    if let refusal = refusal(index) { throw fault(index, refusal) }
  }

  /// Why record `index` is not a good one; nil where it is.
  func refusal(_ index: Int) -> RecordRejection? {
    segment.kind.refusal(at: self[index], featureCount: segment.featureCount)
  }

  /// Says what is wrong with record `index`.
  func fault(_ index: Int, _ refusal: RecordRejection) -> FileFault {
    let event = segment.kind.event(at: self[index], featureCount: segment.featureCount)
    let found: String
    let expected: String
    switch refusal {
    case .magic:
      found = "bytes that do not begin as a record does"
      expected =
        segment.kind == .events ? "\"TMSE\"" : "\"TMSF\" and, behind the attributions, \"TMSE\""
    case .version:
      found = "version \(event.version)"
      expected = "version \(EventRecord.version)"
    case .featureCount:
      found = counted(event.featureCount, "feature")
      expected = "\(segment.featureCount), as the run has them"
    case .kind:
      found = "kind \(event.kindByte)"
      expected = "1 (event) to 4 (heartbeat)"
    case .schema:
      found = "schema \(schemaDescription(event.schema))"
      expected = "one schema in all records"
    default:
      found = "a wrong checksum (\(refusal.rawValue))"
      expected = "the CRC-32C of the record's bytes"
    }
    return FileFault(
      file: segment.path, place: "record \(index), byte \(index * segment.recordByteCount)",
      found: found, expected: expected,
      remedy: "`tamis inspect` lists what is wrong in the run")
  }
}

/// The mappings of a run's segments that were read last. The system allows a process some 65,000
/// mappings in all.
final class SegmentMappings: Sendable {
  /// The most that a run keeps.
  static let countMaxDefault = 16_384

  private struct Ring: Sendable {
    var files: [MappedFile] = []
    var next = 0
  }

  let countMax: Int
  private let ring = Mutex(Ring())

  init(countMax: Int = countMaxDefault) {
    precondition(countMax > 0)
    self.countMax = countMax
  }

  /// Keeps a mapping, in the place of the one kept longest where all are taken.
  func keep(_ file: MappedFile) {
    ring.withLock { ring in
      guard ring.files.count == countMax else { return ring.files.append(file) }
      ring.files[ring.next] = file
      ring.next = (ring.next + 1) % countMax
    }
  }
}
