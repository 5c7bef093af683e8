internal import DurableFiles

/// The numbers with which a journal continues when it is opened: the next ones, and the published
/// one.
struct JournalNumbers {
  let reservation: NumberReservation
  let nextNumber: UInt64
  let nextSegment: Int
  let publishedNumber: UInt64
  /// Notes for the operator.
  private(set) var notes: [String] = []

  /// The notes that opening the journal would give on the files of its numbers. Changes nothing.
  /// - Throws: `FileFault` for a journal that has no number left for another record, as opening it does;
  ///   `SystemCallError`.
  @discardableResult
  static func foresee(_ store: any FolderStore, featureCount: Int) throws -> [String] {
    let names = try store.names()
    // Beside the process that writes the journal a file may be gone by now.
    let looks = names.compactMap(SegmentName.init).filter { $0.kind == .flagged }.map {
      try? SegmentLook($0, in: store, featureCount: featureCount)
    }
    let deleted = try DeletedRecords(in: store)
    let lastNumber = looks.compactMap(\.?.segment?.lastNumber).max() ?? 0
    let published = try published(in: store, lastNumber: lastNumber)
    let free = try NumberReservation.free(
      in: store, above: max(lastNumber, deleted.number, published.number),
      segment: max(JournalOpening.lastIndex(in: names), Int(clamping: deleted.segmentIndex)))
    return published.notes + free.notes
  }

  /// The published number, 0 where it is not known, and what is wrong with its file. Read before the
  /// reserved numbers: a daemon beside may publish meanwhile.
  private static func published(
    in store: any FolderStore, lastNumber: UInt64
  ) throws -> (number: UInt64, notes: [String]) {
    let found = try PublishedCursor.read(in: store)
    let stated = try NumberReservation.read(in: store)
    switch found {
    case .number(let number) where number < stated?.nextNumber ?? .max: return (number, [])
    case .number(let number): return (0, [damaged(store, "number \(number)")])
    case .damaged(let found): return (0, [damaged(store, found)])
    // A first start that was cut short has not made the file yet, and no record.
    case nil where lastNumber == 0: return (0, [])
    case nil:
      return (
        0,
        [
          "\(store.path(of: PublishedCursor.fileName)): missing; the whole journal is published again"
        ]
      )
    }
  }

  /// Combines the numbers of segments and files, and reserves numbers.
  init(
    _ store: any FolderStore, lastNumber: UInt64, lastSegment: Int, deleted: DeletedRecords
  ) throws {
    let stated = try NumberReservation.read(in: store)
    let (published, publishedNotes) = try Self.published(in: store, lastNumber: lastNumber)
    notes = publishedNotes
    let last = max(lastNumber, published, deleted.number)
    let begun = try NumberReservation.begin(
      in: store, above: last, segment: max(lastSegment, Int(clamping: deleted.segmentIndex)))
    reservation = begun.reservation
    nextNumber = begun.nextNumber
    nextSegment = begun.nextSegment
    publishedNumber = published
    notes += begun.reservation.notes
    if let stated, !stated.isExact, nextNumber > last + 1 {
      notes.append(
        "the last process did not end in order: numbers \(last + 1) to \(nextNumber - 1) are left "
          + "out, so that none is given twice")
    }
  }

  private static func damaged(_ store: any FolderStore, _ found: String) -> String {
    "\(store.path(of: PublishedCursor.fileName)): found \(found), expected the number of the last "
      + "record published; the whole journal is published again"
  }
}
