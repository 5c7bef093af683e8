internal import DurableFiles
internal import Synchronization

/// The file `numbers` in a journal's folder: the record and segment numbers that may have been
/// used. Numbers are reserved in blocks, durably and before their use. After an end that was not
/// orderly all reserved numbers count as used. No number is used twice, even where the disk has lost
/// records.
///
/// One thread takes numbers; others may extend the reservation.
final class NumberReservation: Sendable {
  static let fileName = "numbers"
  /// "TMSNUMB1".
  static let magic: UInt64 = 0x3142_4D55_4E53_4D54
  /// No journal reaches this number: higher ones are damage.
  static let numberMax: UInt64 = 1 << 63
  static let recordBlock: UInt64 = 1 << 16
  static let segmentBlock: UInt64 = 64
  /// Numbers that are left out where the file is damaged.
  private static let damageJump: UInt64 = 1 << 32

  /// The content of the file.
  struct Stated: Equatable {
    /// No record has this number or a higher one.
    var nextNumber: UInt64
    /// No segment has this number or a higher one.
    var nextSegment: UInt64
    /// Whether the last process ended in order, so that both are exact.
    var isExact: Bool
  }

  /// Notes on the file; empty where it is in order.
  let notes: [String]
  private let words: DurableWords
  private let numberLimit: Atomic<UInt64>
  private let segmentLimit: Atomic<UInt64>
  private let turn = Mutex(())

  static func read(
    _ name: String = fileName, in store: any FolderStore
  ) throws(SystemCallError) -> Stated? {
    guard case .words(let words) = try DurableWords.read(name, in: store, magic: magic),
      words[0] <= numberMax, words[1] <= UInt64(SegmentName.indexMax)
    else { return nil }
    return Stated(nextNumber: words[0], nextSegment: words[1], isExact: words[2] == 1)
  }

  /// The first free numbers: those that no record and no segment may have had. Changes nothing.
  /// - Throws: `FileFault` where there are none left.
  static func free(
    in store: any FolderStore, above number: UInt64, segment: Int
  ) throws -> (number: UInt64, segment: UInt64, notes: [String]) {
    var next = (number: number + 1, segment: UInt64(segment) + 1)
    var notes: [String] = []
    if let stated = try read(in: store) {
      next = (max(next.number, stated.nextNumber), max(next.segment, stated.nextSegment))
    } else {
      let isThere = try store.status(of: fileName) != nil
      if isThere || number > 0 || segment > 0 {
        next.number += damageJump
        next.segment += segmentBlock
        notes.append(
          "\(store.path(of: fileName)): \(isThere ? "damaged" : "missing"); it is written anew, and "
            + "numbers continue at \(next.number), so that none is given twice")
      }
    }
    // Opening the journal reserves a block of each.
    let segmentMax = UInt64(SegmentName.indexMax) - segmentBlock
    guard next.number <= numberMax - recordBlock, next.segment <= segmentMax else {
      let highest = SegmentName(index: max(1, segment), kind: .flagged, isOpen: false)
      let isBySegment = next.number <= numberMax - recordBlock && segment >= segmentMax
      throw FileFault(
        file: store.path,
        found: "numbers up to \(next.number - 1), segments up to "
          + "\(next.segment - 1)", expected: "numbers below 2^63, segments of 12 digits",
        remedy: isBySegment
          ? "move \(highest) away if it is none of the journal's, or begin a new folder"
          : "begin a new journal folder")
    }
    return (next.number, next.segment, notes)
  }

  /// Reserves a first block above `number` and `segment`, the highest that the rest of the journal
  /// knows of, and above all that earlier processes reserved. A journal with records whose file of
  /// numbers is damaged or missing continues so much higher that no number comes again.
  /// - Returns: the reservation, and the first free numbers.
  static func begin(
    in store: any FolderStore, above number: UInt64, segment: Int
  ) throws -> (reservation: NumberReservation, nextNumber: UInt64, nextSegment: Int) {
    let next = try free(in: store, above: number, segment: segment)
    let reservation = try NumberReservation(
      store, nextNumber: next.number, nextSegment: next.segment, notes: next.notes)
    return (reservation, next.number, Int(next.segment))
  }

  private init(
    _ store: any FolderStore, nextNumber: UInt64, nextSegment: UInt64, notes: [String]
  ) throws {
    self.notes = notes
    var initial = DurableWords.Words(repeating: 0)
    (initial[0], initial[1]) = (nextNumber, nextSegment)
    if case .words(let found) = try DurableWords.read(Self.fileName, in: store, magic: Self.magic),
      found[0] > Self.numberMax || found[1] > UInt64(SegmentName.indexMax)
    {
      try store.remove(Self.fileName)
    }
    words = try DurableWords(Self.fileName, in: store, magic: Self.magic, initial: initial)
    numberLimit = Atomic(nextNumber)
    segmentLimit = Atomic(nextSegment)
    try extend(numbers: nextNumber + Self.recordBlock, segments: nextSegment + Self.segmentBlock)
  }

  /// Whether record and segment numbers up to these are reserved. Never waits.
  func covers(number: UInt64, segment: Int) -> Bool {
    number < numberLimit.load(ordering: .acquiring)
      && UInt64(segment) < segmentLimit.load(ordering: .acquiring)
  }

  /// Returns when all numbers below these are reserved on the disk.
  func extend(numbers: UInt64, segments: UInt64) throws(SystemCallError) {
    try turn.withLock { (_) throws(SystemCallError) in
      let numbers = max(numbers, numberLimit.load(ordering: .relaxed))
      let segments = max(segments, segmentLimit.load(ordering: .relaxed))
      var next = DurableWords.Words(repeating: 0)
      (next[0], next[1]) = (numbers, segments)
      try words.write(next)
      try words.synchronise()
      numberLimit.store(numbers, ordering: .releasing)
      segmentLimit.store(segments, ordering: .releasing)
    }
  }

  /// Notes an orderly end: the next process continues at exactly these numbers. None may be taken
  /// after it.
  func end(nextNumber: UInt64, nextSegment: Int) throws(SystemCallError) {
    try turn.withLock { (_) throws(SystemCallError) in
      var last = DurableWords.Words(repeating: 0)
      (last[0], last[1], last[2]) = (nextNumber, UInt64(nextSegment), 1)
      try words.write(last)
      try words.synchronise()
    }
  }
}
