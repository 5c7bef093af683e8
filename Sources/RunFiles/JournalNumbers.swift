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

  /// Refuses a journal that has no number left for another record, as opening it does. Changes nothing.
  /// - Throws: `FileFault`, `SystemCallError`.
  static func refuseExhausted(_ store: any FolderStore, featureCount: Int) throws {
    let names = try store.names()
    // Beside the process that writes the journal a file may be gone by now.
    let looks = names.compactMap(SegmentName.init).filter { $0.kind == .flagged }.map {
      try? SegmentLook($0, in: store, featureCount: featureCount)
    }
    let deleted = try DeletedRecords(in: store)
    var last = max(looks.compactMap(\.?.segment?.lastNumber).max() ?? 0, deleted.number)
    if case .number(let published) = try PublishedCursor.read(in: store),
      published < (try NumberReservation.read(in: store))?.nextNumber ?? .max
    {
      last = max(last, published)
    }
    _ = try NumberReservation.free(
      in: store, above: last,
      segment: max(JournalOpening.lastIndex(in: names), Int(clamping: deleted.segmentIndex)))
  }

  /// Combines the numbers of segments and files, and reserves numbers.
  init(
    _ store: any FolderStore, lastNumber: UInt64, lastSegment: Int, deleted: DeletedRecords
  ) throws {
    let stated = try NumberReservation.read(in: store)
    var published: UInt64 = 0
    switch try PublishedCursor.read(in: store) {
    case nil: break
    case .number(let number) where number < stated?.nextNumber ?? .max: published = number
    case .number(let number): notes.append(Self.damaged(store, "number \(number)"))
    case .damaged(let found): notes.append(Self.damaged(store, found))
    }
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
