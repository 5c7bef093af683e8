internal import DurableFiles

extension FlaggedJournal {
  /// Returns when all records, and after them the published number, are on the disk.
  public func synchronise() throws {
    try synchronisation().run()
    collectClosed()
  }

  /// The work of `synchronise`, for another thread, while this one continues to write. Only one may
  /// exist at a time. Notes the records that the one before has brought to the disk.
  public func synchronisation() throws -> JournalSynchronisation {
    collectClosed()
    try repairFailed()
    let isAhead =
      isFinished
      || numbers.covers(
        number: nextNumber + NumberReservation.recordBlock / 2,
        segment: nextSegmentIndex + Int(NumberReservation.segmentBlock / 2))
    return JournalSynchronisation(
      store: store, closings: closings, segment: openByteCount > 0 ? current?.file : nil,
      segmentByteCount: openByteCount, cursor: cursor, removal: removal, numbers: numbers,
      numberLimit: isAhead ? 0 : nextNumber + NumberReservation.recordBlock,
      segmentLimit: isAhead
        ? 0 : UInt64(nextSegmentIndex) + NumberReservation.segmentBlock)
  }

  /// Notes the records that have reached the disk since. Never waits.
  public func noteProgress() { collectClosed() }

  /// Notes the records that are on the disk.
  func noteDurable() {
    durableNumber = max(durableNumber, durableNumberNow)
    kept.release(through: durableNumber)
  }

  private var durableNumberNow: UInt64 {
    for closing in closings where closing.file.durableByteCount < closing.segment.byteCount {
      return number(at: closing.file.durableByteCount, from: closing.segment.firstNumber) - 1
    }
    guard let durable = current?.file.durableByteCount, openByteCount > durable else {
      return lastNumber
    }
    return number(at: durable, from: currentFirstNumber) - 1
  }

  private func number(at byteCount: Int, from first: UInt64) -> UInt64 {
    first + UInt64(byteCount / recordByteCount)
  }

  /// Writes again, from memory, everything that a failed synchronisation may have lost. Only then
  /// can a later success be trusted.
  func repairFailed() throws {
    for closing in closings where closing.file.hasFailed {
      try repair(
        closing.file, byteCount: closing.segment.byteCount,
        firstNumber: closing.segment.firstNumber)
    }
    if let file = current?.file, file.hasFailed {
      try repair(file, byteCount: openByteCount, firstNumber: currentFirstNumber)
    }
  }

  private func repair(_ file: SegmentFile, byteCount: Int, firstNumber: UInt64) throws {
    try file.rewrite { (durable, file) throws(SystemCallError) in
      var offset = durable
      try kept.forEachPiece(
        from: number(at: durable, from: firstNumber),
        count: (byteCount - durable) / recordByteCount
      ) { (piece) throws(SystemCallError) in
        try file.write(piece, at: offset)
        offset += piece.count
      }
    }
  }

  /// Returns when all records are on the disk.
  func synchroniseRecords() throws {
    try repairFailed()
    for closing in closings { try closing.file.synchronise(through: closing.segment.byteCount) }
    try current?.synchronise()
    noteDurable()
  }
}
