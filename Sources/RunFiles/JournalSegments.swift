internal import DurableFiles
internal import EventRecords
internal import Glibc
internal import NumberText

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
}

/// The result of a look at a closed segment.
enum SegmentLook {
  /// Its size, its first record and its last record are right.
  case sound(JournalSegment)
  /// It is damaged, and some of its records are good.
  case damaged(JournalSegment, found: String)
  /// It holds no good record, or is no regular file.
  case unreadable(found: String)

  /// The good part of it; nil where there is none.
  var segment: JournalSegment? {
    switch self {
    case .sound(let segment), .damaged(let segment, _): segment
    case .unreadable: nil
    }
  }

  /// Looks at size, first and last record, and at all records where those are not in order.
  /// - Throws: `SystemCallError` for a file that cannot be read.
  init(
    _ name: SegmentName, in store: any FolderStore, featureCount: Int
  ) throws(SystemCallError) {
    let recordByteCount = FlaggedRecord.byteCount(featureCount: featureCount)
    guard let status = try store.status(of: name.description), status.isRegular else {
      self = .unreadable(found: "no regular file")
      return
    }
    let file = try store.open(name.description, .reading)
    let byteCount = try file.status().byteCount
    let recordCount = byteCount / recordByteCount
    func segment(_ first: UInt64, _ count: Int) -> JournalSegment {
      JournalSegment(
        name: name, firstNumber: first, recordCount: count, byteCount: byteCount,
        writtenS: status.modifiedS)
    }
    if recordCount > 0, byteCount % recordByteCount == 0,
      let first = try firstSegmentNumber(
        of: file, recordCount: recordCount, featureCount: featureCount),
      try goodNumber(of: file, record: recordCount - 1, featureCount: featureCount)
        == first + UInt64(recordCount - 1)
    {
      self = .sound(segment(first, recordCount))
      return
    }
    guard let good = try GoodNumbers(of: file, featureCount: featureCount) else {
      self = .unreadable(found: "\(counted(byteCount, "byte")) without a good record")
      return
    }
    self = .damaged(
      segment(good.first, good.recordCount),
      found:
        "\(counted(byteCount, "byte")), of which \(counted(good.goodCount, "record")) of "
        + "\(recordByteCount) bytes are good, from number \(good.first)")
  }
}

/// The numbers of a damaged segment, as most of its good records tell them.
private struct GoodNumbers {
  /// The number of record 0.
  var first: UInt64
  /// Records up to and with the last good one.
  var recordCount = 0
  /// The good ones.
  var goodCount = 0

  /// Reads all of the file that was written; nil where no record is good.
  init?(of file: any StoredFile, featureCount: Int) throws(SystemCallError) {
    // Records that lie at a wrong place, such as copies of others, tell another first number.
    var candidates: [UInt64: GoodNumbers] = [:]
    try Self.forEachGoodNumber(of: file, featureCount: featureCount) { index, number in
      guard number > UInt64(index), number < NumberReservation.numberMax else { return }
      let first = number - UInt64(index)
      guard candidates.count < Self.candidatesMax || candidates[first] != nil else { return }
      candidates[first, default: GoodNumbers(first: first)].goodCount += 1
      candidates[first]?.recordCount = index + 1
    }
    guard
      let best = candidates.values.max(by: { ($0.goodCount, $0.first) < ($1.goodCount, $1.first) })
    else { return nil }
    self = best
  }

  private init(first: UInt64) { self.first = first }

  private static let candidatesMax = 64

  private static func forEachGoodNumber(
    of file: any StoredFile, featureCount: Int, _ body: (Int, UInt64) -> Void
  ) throws(SystemCallError) {
    let recordByteCount = FlaggedRecord.byteCount(featureCount: featureCount)
    try file.forEachPiece(recordByteCount: recordByteCount) { bytes, offset in
      guard let base = bytes.baseAddress else { return }
      for place in 0..<(bytes.count / recordByteCount) {
        let record = base + place * recordByteCount
        if RunKind.flagged.refusal(at: record, featureCount: featureCount) == nil {
          body(
            offset / recordByteCount + place,
            FlaggedRecordView(record, featureCount: featureCount).number)
        }
      }
    }
  }
}

extension [JournalSegment] {
  /// Splits segments, which are in the order of their names, into a chain whose numbers ascend and the
  /// rest.
  ///
  /// Segments that `manifest` lists with their numbers go first: others with the same numbers are copies.
  /// Of copies that it does not know, the one with more records stays, else the first. Of the rest
  /// the longest chain is kept. Where two of its segments overlap, the earlier one ends where the later
  /// one begins. O(n log n).
  func ascending(
    listedIn manifest: RunManifest? = nil
  ) -> (kept: [JournalSegment], left: [JournalSegment]) {
    let isCandidate = candidates(listedIn: manifest)
    let candidates = indices.filter { isCandidate[$0] }
    let chain = longestAscendingChain(of: candidates.map { self[$0].firstNumber })
    let chosen = chain.map { candidates[$0] }
    let left = Set(indices).subtracting(chosen).sorted()
    return (chained(chosen), left.map { self[$0] })
  }

  /// The segments at `places`, whose first numbers ascend. Where two overlap, the earlier one ends where
  /// the later one begins.
  func chained(_ places: [Int]) -> [JournalSegment] {
    var chain: [JournalSegment] = []
    for place in places {
      if let last = chain.last, last.lastNumber >= self[place].firstNumber {
        chain[chain.count - 1].recordCount = Int(self[place].firstNumber - last.firstNumber)
      }
      chain.append(self[place])
    }
    return chain
  }

  /// By segment, whether it is not known to be a copy.
  private func candidates(listedIn manifest: RunManifest?) -> [Bool] {
    let listed = manifest?.segmentsByName ?? [:]
    let isListed = map { segment in
      guard let entry = listed[segment.name.description] else { return false }
      return entry.summary?.firstNumber == segment.firstNumber
        && entry.summary?.lastNumber == segment.lastNumber
    }
    var best: [UInt64: Int] = [:]
    for index in indices {
      let first = self[index].firstNumber
      guard let other = best[first] else {
        best[first] = index
        continue
      }
      let isBetter =
        isListed[index] == isListed[other]
        ? self[index].recordCount > self[other].recordCount : isListed[index]
      if isBetter { best[first] = index }
    }
    return indices.map { best[self[$0].firstNumber] == $0 }
  }
}

/// The indices of a longest strictly ascending subsequence of `values`. O(n log n).
func longestAscendingChain(of values: [UInt64]) -> [Int] {
  // By length of a chain: the index where the one ends that ends lowest.
  var ends: [Int] = []
  var before = [Int](repeating: -1, count: values.count)
  for (index, value) in values.enumerated() {
    let place = ends.indices.partitionPoint { values[ends[$0]] < value }
    if place > 0 { before[index] = ends[place - 1] }
    if place < ends.count { ends[place] = index } else { ends.append(index) }
  }
  var chain: [Int] = []
  var place = ends.last ?? -1
  while place >= 0 {
    chain.append(place)
    place = before[place]
  }
  return chain.reversed()
}

/// The number of the first record of a segment, as its first good record tells it: a power failure
/// may leave wrong ones before. Nil where no record is good, or the number cannot be. Reads one
/// record of a segment without damage.
func firstSegmentNumber(
  of file: any StoredFile, recordCount: Int, featureCount: Int
) throws(SystemCallError) -> UInt64? {
  let recordByteCount = FlaggedRecord.byteCount(featureCount: featureCount)
  var index = 0
  while index < recordCount {
    guard let number = try goodNumber(of: file, record: index, featureCount: featureCount) else {
      // The records of a hole are passed at once: a file of nothing else may say that it has millions.
      let next = index + 1
      guard let written = try file.writtenRange(from: next * recordByteCount) else { return nil }
      index = max(next, written.lowerBound / recordByteCount)
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
