internal import DurableFiles
internal import StrictJSON

/// Whether a folder may become a journal, or is one.
enum JournalFolder {
  /// A journal has one of these from its first moment on, and nothing else has.
  private static let marks = [
    FlaggedJournal.lockName, NumberReservation.fileName, PublishedCursor.fileName,
    DeletedRecords.fileName, FlaggedJournal.ledgerName, FlaggedJournal.accountsName,
  ]

  /// Throws a `FileFault` where a folder holds something and is no journal: a recorded run, a run of
  /// flagged records, or other files. What begins with a dot does not count, nor does the folder that a
  /// new file system has. Changes nothing.
  static func refuseOther(_ store: any FolderStore) throws {
    let names = try store.names().filter { !$0.hasPrefix(".") && $0 != "lost+found" }
    if try names.isEmpty || isMarked(store) { return }
    let manifest = try? RunManifest.readIfSound(in: store).manifest
    let (found, advice): (String, String)
    switch names.lazy.compactMap({ SegmentName($0)?.kind }).first ?? manifest?.kind {
    case .events?: (found, advice) = ("a recorded run", "")
    // Segments alone are what is left of a journal.
    case .flagged? where manifest == nil || manifest?.extras["ledger"] != nil: return
    case .flagged?:
      found = "a run of flagged records without the files that a daemon keeps beside them"
      advice =
        "; if it is what is left of a journal, make an empty file `\(FlaggedJournal.lockName)` in it"
    case nil: (found, advice) = ("a folder of other files, such as \(names[0])", "")
    }
    throw FileFault(
      file: store.path, found: found, expected: "a daemon's journal, or a new or empty folder",
      remedy: "choose another folder for the journal\(advice)")
  }

  /// Whether a daemon has written in the folder.
  static func isMarked(_ store: any FolderStore) throws -> Bool {
    try store.names().contains { try isMark($0, in: store) }
  }

  /// Also where the file was set aside, or its writing was broken off. Other programs call files
  /// `lock`, too: that name counts only with the content of one.
  private static func isMark(_ name: String, in store: any FolderStore) throws -> Bool {
    guard let mark = marks.first(where: { isOrWas(name, $0) }) else { return false }
    guard mark == FlaggedJournal.lockName else { return true }
    guard try store.status(of: name)?.isRegular ?? false else { return name != mark }
    let content = try store.open(name, .reading)
    return try withUnsafeTemporaryAllocation(byteCount: 32, alignment: 1) { buffer in
      let count = try content.read(into: buffer, at: 0)
      return isLockContent(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    }
  }
}
