public import DurableFiles
internal import EventRecords
internal import Glibc
internal import NumberText

/// Reads flagged records by number from a journal that another thread or process is writing,
/// closing, and deleting from at the same time. It changes nothing and takes no lock.
///
/// It keeps a list of segments (a few words each) and one open segment between calls; a call's
/// memory is the caller's buffer. One thread owns it.
public final class JournalReader {
  /// The result of a read: a range of numbers that are gone, or records, or both, or neither.
  public struct Answer: Equatable, Sendable {
    /// The numbers that are not in the journal, from the one asked for to the first record in the
    /// buffer; nil where there are none.
    public var gone: ClosedRange<UInt64>?
    /// Whole records in the buffer, with ascending numbers.
    public var recordCount = 0
    /// Records left out because they are damaged on disk. Their numbers are missing.
    public var unreadableCount = 0
    /// The number to ask for next.
    public var nextNumber: UInt64

    /// An answer, by default without records.
    package init(
      gone: ClosedRange<UInt64>? = nil, recordCount: Int = 0, unreadableCount: Int = 0,
      nextNumber: UInt64
    ) {
      self.gone = gone
      self.recordCount = recordCount
      self.unreadableCount = unreadableCount
      self.nextNumber = nextNumber
    }
  }

  /// The folder.
  public var folder: String { store.path }
  /// D.
  public let featureCount: Int

  struct OpenPart {
    var index: Int
    var file: any StoredFile
  }

  let store: any FolderStore
  let recordByteCount: Int
  /// The segments as they were last seen. An open one may have grown since.
  var parts: [JournalSegment] = []
  var openPart: OpenPart?
  /// Closed segments whose files were found to hold less than before, by their index: the first
  /// number of each. They are measured at every look, since somebody may put the file back.
  var doubted: [Int: UInt64] = [:]
  private var toldSegments: Set<Int> = []
  private var notes: [String] = []

  /// Prepares to read the journal in `folder`, which need not exist yet.
  public convenience init(folder: String, featureCount: Int) {
    self.init(store: DiskFolder(folder), featureCount: featureCount)
  }

  /// Prepares to read the journal in `store`.
  public init(store: any FolderStore, featureCount: Int) {
    precondition(0...EventRecord.featureCountMax ~= featureCount)
    self.store = store
    self.featureCount = featureCount
    recordByteCount = FlaggedRecord.byteCount(featureCount: featureCount)
  }

  /// Looks at the folder anew. O(segments), and a read for each segment that is new.
  /// - Returns: the lowest and highest number there; nil where there is no record.
  @discardableResult
  public func look() throws -> ClosedRange<UInt64>? {
    try refresh()
    guard let first = parts.first, let last = parts.last else { return nil }
    return first.firstNumber...last.lastNumber
  }

  /// Reads records from `number` through `last` into `buffer`, as many as fit. An answer ends
  /// before the next gap in the numbers. Traps where one record does not fit.
  ///
  /// `last` should be a number that was written completely. With `UInt64.max` every whole record
  /// with a right checksum counts.
  /// - Throws: `SystemCallError`.
  public func read(
    from number: UInt64, through last: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws -> Answer {
    precondition(buffer.count >= recordByteCount, "no room for one record")
    var answer = Answer(nextNumber: number)
    guard number <= last else { return answer }
    try tellGap(&answer, through: last)
    var isFresh = false
    while answer.nextNumber <= last, answer.room(in: buffer, recordByteCount) > 0 {
      guard let index = find(answer.nextNumber) else {
        if isFresh { break }
        // The record was written since the last look, or is gone.
        try refresh()
        isFresh = true
        try tellGap(&answer, through: last)
        continue
      }
      let part = parts[index]
      if part.firstNumber > answer.nextNumber { break }
      let isThere = try open(part)
      if isThere, try take(part, through: last, into: buffer, &answer) { continue }
      // Without a bound, the end of an open segment may be half written.
      if isThere, part.name.isOpen, last == .max { break }
      // The file was deleted, or another has its name.
      if try lookAgain(part) {
        isFresh = true
        try tellGap(&answer, through: last)
      } else if isThere {
        passUnreadable(part, through: last, &answer)
      } else {
        break
      }
    }
    return answer
  }

  /// The damage found since the last call, each segment once: files that another program has cut or
  /// replaced, and records with wrong checksums.
  public func takeNotes() -> [String] {
    defer { notes = [] }
    return notes
  }

  /// Measures a segment anew whose record could not be read; returns whether it is another one now,
  /// so that the same question has another answer.
  private func lookAgain(_ part: JournalSegment) throws -> Bool {
    openPart = nil
    if !part.name.isOpen { doubted[part.name.index] = part.firstNumber }
    try refresh()
    guard let now = parts.first(where: { $0.name.index == part.name.index }) else {
      noteLost(part)
      return true
    }
    if now.recordCount < part.recordCount {
      note(
        part.name.index,
        "found \(counted(now.recordCount, "record")), expected \(part.recordCount): another program "
          + "has cut the file; numbers \(now.lastNumber + 1) to \(part.lastNumber) are gone")
    }
    return now.name.isOpen != part.name.isOpen || now.firstNumber != part.firstNumber
      || now.recordCount != part.recordCount
  }

  /// A segment that was deleted or moved away is in order; another thing under its name is not.
  private func noteLost(_ part: JournalSegment) {
    let name = SegmentName(index: part.name.index, kind: .flagged, isOpen: false).description
    do {
      if try store.status(of: name) == nil {
        doubted[part.name.index] = nil
        return
      }
    } catch {
      // The name is in use, and the system cannot tell by which kind of file.
    }
    note(
      part.name.index,
      "not the file that it was: another program has changed it; numbers \(part.firstNumber) to "
        + "\(part.lastNumber) are gone")
  }

  /// Passes the numbers of a segment that has them by its size and cannot be read. An empty answer
  /// would be asked for again without end.
  private func passUnreadable(_ part: JournalSegment, through last: UInt64, _ answer: inout Answer)
  {
    let end = min(part.lastNumber, last)
    let count = Int(clamping: end - answer.nextNumber) + 1
    note(
      part.name.index,
      "\(counted(count, "record")) from number \(answer.nextNumber) on cannot be read")
    answer.unreadableCount += count
    answer.nextNumber = end + 1
  }

  /// Keeps a note on a fault of a segment, the first time.
  private func note(_ index: Int, _ found: String) {
    guard toldSegments.insert(index).inserted else { return }
    notes.append("\(SegmentName(index: index, kind: .flagged, isOpen: false)): \(found)")
  }

  /// Sets `gone`, where no record was read yet.
  private func tellGap(_ answer: inout Answer, through last: UInt64) throws {
    guard answer.recordCount == 0, answer.unreadableCount == 0, answer.gone == nil,
      let gone = try gap(at: answer.nextNumber, through: last)
    else { return }
    answer.gone = gone
    answer.nextNumber = gone.upperBound + 1
  }

  /// The numbers from `number` on, up to `last` at most, that are in no segment; nil where it is in
  /// one. While a file is renamed a listing may show it under neither name. A gap counts only when
  /// a second listing shows it, too.
  private func gap(at number: UInt64, through last: UInt64) throws -> ClosedRange<UInt64>? {
    for attempt in 0..<3 {
      if attempt > 0 { try refresh() }
      if let index = find(number), parts[index].firstNumber <= number { return nil }
    }
    guard let index = find(number) else { return last == .max ? nil : number...last }
    return number...min(parts[index].firstNumber - 1, last)
  }

  /// Reads on in one segment; returns whether any number was passed.
  private func take(
    _ part: JournalSegment, through last: UInt64, into buffer: UnsafeMutableRawBufferPointer,
    _ answer: inout Answer
  ) throws -> Bool {
    let wanted = min(
      answer.room(in: buffer, recordByteCount),
      Int(clamping: min(part.lastNumber, last) - answer.nextNumber) + 1)
    let start = answer.recordCount * recordByteCount
    let room = UnsafeMutableRawBufferPointer(
      rebasing: buffer[start..<(start + wanted * recordByteCount)])
    let offset = Int(answer.nextNumber - part.firstNumber) * recordByteCount
    let byteCount = try openPart?.file.read(into: room, at: offset) ?? 0
    let (kept, good) = keepGood(
      UnsafeMutableRawBufferPointer(rebasing: room[..<byteCount]), firstNumber: answer.nextNumber)
    // Without a bound, bad records at the end of an open segment may be half written.
    let passed = part.name.isOpen && last == .max ? good : byteCount / recordByteCount
    if passed > kept {
      note(
        part.name.index,
        "\(counted(passed - kept, "record")) of numbers \(answer.nextNumber) to "
          + "\(answer.nextNumber + UInt64(passed) - 1) are damaged and left out")
    }
    answer.recordCount += kept
    answer.unreadableCount += passed - kept
    answer.nextNumber += UInt64(passed)
    return passed > 0
  }

  /// Moves the good records of `room` together. Returns how many there are, and how many records lie
  /// up to the last good one.
  private func keepGood(
    _ room: UnsafeMutableRawBufferPointer, firstNumber: UInt64
  ) -> (kept: Int, upToLastGood: Int) {
    var good = 0
    let kept = room.compactRecords(byteCount: recordByteCount) { record, index in
      let isGood = RunKind.isGoodFlagged(
        record, number: firstNumber + UInt64(index), featureCount: featureCount)
      if isGood { good = index + 1 }
      return isGood
    }
    return (kept, good)
  }
}

extension JournalReader.Answer {
  fileprivate func room(in buffer: UnsafeMutableRawBufferPointer, _ recordByteCount: Int) -> Int {
    buffer.count / recordByteCount - recordCount
  }
}
