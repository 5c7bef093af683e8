internal import DurableFiles
internal import Glibc

extension JournalReader {
  /// The first known segment that holds `number` or a later one. O(log segments).
  func find(_ number: UInt64) -> Int? {
    var (low, high) = (0, parts.count)
    while low < high {
      let middle = (low + high) / 2
      if parts[middle].lastNumber < number { low = middle + 1 } else { high = middle }
    }
    return low < parts.count ? low : nil
  }

  /// Opens the segment unless it is the one that is open; false where it is gone.
  func open(_ part: Part) throws(SystemCallError) -> Bool {
    if openPart?.index == part.index { return true }
    guard let (file, _) = try file(part.index, mayBeOpen: part.isOpen) else { return false }
    openPart = OpenPart(index: part.index, file: file)
    return true
  }

  /// The file of a segment under whatever name it has now; nil where it is gone, or where something
  /// else than a file has its name.
  private func file(
    _ index: Int, mayBeOpen: Bool
  ) throws(SystemCallError) -> (file: any StoredFile, isOpen: Bool)? {
    let open = SegmentName(index: index, kind: .flagged, isOpen: true)
    for name in mayBeOpen ? [open, open.madeAgain, open.closed] : [open.closed] {
      do {
        return (try store.open(name.description, .reading), name.isOpen)
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
      parts.filter { !$0.isOpen }.map { ($0.index, $0) }, uniquingKeysWith: { first, _ in first })
    var fresh: [Part] = []
    for name in try store.names().compactMap(SegmentName.init).sorted()
    where name.kind == .flagged && fresh.last?.index != name.index {
      let doubt = name.isOpen ? nil : doubted[name.index]
      if !name.isOpen, doubt == nil, let part = known[name.index] {
        fresh.append(part)
      } else if let part = try measured(name) {
        // What another file has in the place of a segment does not tell where the numbers are.
        if let doubt, part.firstNumber != doubt { continue }
        fresh.append(part)
      }
    }
    // Numbers rise with the segments' own; a damaged file, or one that somebody has put there, may
    // break this.
    parts = []
    for index in longestAscendingChain(of: fresh.map(\.firstNumber)) {
      if let last = parts.last, last.lastNumber >= fresh[index].firstNumber {
        parts[parts.count - 1].recordCount = Int(fresh[index].firstNumber - last.firstNumber)
      }
      parts.append(fresh[index])
    }
  }

  /// Finds a segment's numbers; nil where it is gone or holds no whole record.
  private func measured(_ name: SegmentName) throws(SystemCallError) -> Part? {
    do {
      guard let (file, isOpen) = try file(name.index, mayBeOpen: name.isOpen) else { return nil }
      let recordCount = try file.status().byteCount / recordByteCount
      guard
        let first = try firstSegmentNumber(
          of: file, recordCount: recordCount, featureCount: featureCount)
      else { return nil }
      return Part(index: name.index, isOpen: isOpen, firstNumber: first, recordCount: recordCount)
    } catch {
      if !error.isNoRegularFile { throw error }
      return nil
    }
  }
}
