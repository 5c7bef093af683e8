internal import DurableFiles
internal import NumberText
internal import StrictJSON

extension RunInspection {
  /// States the numbers of segments that do not go together, and those between segments that are in
  /// none.
  /// - Returns: the first number of each segment, by its name.
  mutating func inspectNumbers(
    _ folder: RunFolder, featureCount: Int, manifest: RunManifest?
  ) -> [String: UInt64] {
    let found = folder.segments.compactMap {
      try? SegmentLook($0, in: folder.store, featureCount: featureCount).segment
    }
    let (kept, left) = found.ascending(listedIn: manifest)
    problems += left.map {
      "\($0.name): numbers \($0.firstNumber) to \($0.lastNumber), which do not go with those of other "
        + "segments: a copy, or of another journal; the next start of a daemon sets it aside"
    }
    for (earlier, later) in zip(kept, kept.dropFirst()) {
      let whole = found.first { $0.name == earlier.name } ?? earlier
      if whole.lastNumber >= later.firstNumber {
        problems.append(
          "\(earlier.name) and \(later.name) both have numbers \(later.firstNumber) to "
            + "\(min(whole.lastNumber, later.lastNumber))")
      }
    }
    stateGaps(kept.filter { !$0.name.isOpen })
    return found.reduce(into: [:]) { $0[$1.name.description] = $1.firstNumber }
  }

  /// Numbers that lie between segments and are in none: left out after an end that was not orderly,
  /// deleted, or moved away.
  private mutating func stateGaps(_ closed: [JournalSegment]) {
    let gaps = zip(closed, closed.dropFirst()).compactMap { earlier, later in
      later.firstNumber > earlier.lastNumber + 1
        ? later.firstNumber - earlier.lastNumber - 1 : nil
    }
    guard !gaps.isEmpty else { return }
    let sum = gaps.reduce(0) { $0 &+ $1 }
    state(
      "numbers_between_segments", .array([.integer(gaps.count), .integer(sum)]),
      "\(counted(sum, "number")) in \(counted(gaps.count, "place")) between segments are in "
        + "none: left out after an end that was not orderly, deleted, or moved away")
  }

  /// Inspects the files beside a journal's segments: the lock, the reserved and the published numbers,
  /// and what was deleted. What a start would say of them is a problem, in its words. A run of flagged
  /// records that no daemon has written has none of them, and misses none.
  mutating func inspectJournal(featureCount: Int) throws -> DeletedRecords {
    let isJournal = try JournalFolder.isMarked(DiskFolder(path))
    // In memory, as the start does it on the disk: what is no file counts as missing from here on.
    let store = RehearsedFolder(path)
    if isJournal {
      problems += try store.irregularNames(FlaggedJournal.smallNames).map {
        "\(store.path(of: $0)): found no regular file; the next start sets it aside"
      }
      _ = try store.setAsideIrregular(FlaggedJournal.smallNames)
    }
    do {
      let notes = try JournalNumbers.foresee(store, featureCount: featureCount)
      if isJournal { problems += notes.map { "at the next start: \($0)" } }
    } catch let fault as FileFault {
      problems.append("no daemon can continue it: \(fault)")
    }
    if case .number(let published) = try PublishedCursor.read(in: store) {
      state("published", .integer(published), "published up to number \(published)")
    }
    if let numbers = try NumberReservation.read(in: store) {
      state(
        "next_number", .integer(numbers.nextNumber),
        numbers.isExact
          ? "the next number is \(numbers.nextNumber)"
          : journalHolder(folder: path).map { "open: \($0) writes it" }
            ?? "not closed in order: the next process continues at number \(numbers.nextNumber) or "
            + "above"
      )
    }
    let deleted = try DeletedRecords(in: store)
    if let note = deleted.note { problems.append(note) }
    if deleted.number > 0 {
      state(
        "deleted",
        .object([
          "number": .integer(deleted.number), "published": .integer(deleted.published),
          "unpublished": .integer(deleted.unpublished),
        ]),
        deleted.line)
    }
    return deleted
  }
}
