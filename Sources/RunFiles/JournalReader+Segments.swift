internal import DurableFiles
internal import Glibc

extension JournalReader {
  /// The first known segment that holds `number` or a later one. O(log segments).
  func find(_ number: UInt64) -> Int? {
    let index = parts.firstIndex(notBefore: number)
    return index < parts.count ? index : nil
  }

  /// Opens the segment unless it is the one that is open; false where it is gone.
  func open(_ part: JournalSegment) throws(SystemCallError) -> Bool {
    if openPart?.index == part.name.index { return true }
    guard let (file, _) = try file(part.name) else { return false }
    openPart = OpenPart(index: part.name.index, file: file)
    return true
  }

  /// The file of a segment under whatever name it has now; nil where it is gone, or where something
  /// else than a file has its name.
  private func file(
    _ name: SegmentName
  ) throws(SystemCallError) -> (file: any StoredFile, name: SegmentName)? {
    let open = SegmentName(index: name.index, kind: .flagged, isOpen: true)
    for name in name.isOpen ? [open, open.madeAgain, open.closed] : [open.closed] {
      do {
        return (try store.open(name.description, .reading), name)
      } catch {
        guard error.code == ENOENT || error.isNoRegularFile else { throw error }
      }
    }
    return nil
  }

  /// Lists the folder. Open segments are measured again, and closed ones that were found to have
  /// changed; the other closed ones do not change.
  func refresh() throws {
    let known = Dictionary(
      parts.filter { !$0.name.isOpen }.map { ($0.name.index, $0) },
      uniquingKeysWith: { first, _ in first })
    var fresh: [JournalSegment] = []
    for name in try store.names().compactMap(SegmentName.init).sorted()
    where name.kind == .flagged && fresh.last?.name.index != name.index {
      let doubt = name.isOpen ? nil : doubted[name.index]
      if !name.isOpen, doubt == nil, let part = known[name.index] {
        fresh.append(part)
      } else if let part = try measured(name) {
        // Another file in the place of a segment does not tell where the numbers are.
        if let doubt, part.firstNumber != doubt { continue }
        fresh.append(part)
      }
    }
    // Numbers rise with the segments' own; a damaged file, or one that somebody has put there, may
    // break this.
    parts = fresh.chained(longestAscendingChain(of: fresh.map(\.firstNumber)))
  }

  /// Finds a segment's numbers; nil where it is gone or holds no whole record.
  private func measured(_ name: SegmentName) throws(SystemCallError) -> JournalSegment? {
    do {
      guard let (file, name) = try file(name) else { return nil }
      let status = try file.status()
      let recordCount = status.byteCount / recordByteCount
      guard
        let first = try firstSegmentNumber(
          of: file, recordCount: recordCount, featureCount: featureCount)
      else { return nil }
      return JournalSegment(
        name: name, firstNumber: first, recordCount: recordCount, byteCount: status.byteCount,
        writtenS: status.modifiedS)
    } catch {
      if !error.isNoRegularFile { throw error }
      return nil
    }
  }
}
