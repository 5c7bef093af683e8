internal import DurableFiles
internal import Glibc
internal import NumberText

/// The content of a single file of a journal or a run, for people.
package struct FileStatement: Equatable, Sendable {
  /// The title, then the content.
  package var lines: [String]
  /// Its faults.
  package var problems: [String]

  /// Creates a statement.
  package init(lines: [String], problems: [String] = []) {
    self.lines = lines
    self.problems = problems
  }
}

/// The content of the file at `path`, if it is that of `numbers`, `published`, `deleted` or, with that
/// name alone, `lock` of a journal. With `byName` a file of one of these names counts, whatever is in
/// it. Nil if it is none of them. Changes nothing.
/// - Throws: `SystemCallError`.
package func journalFileStatement(_ path: String, byName: Bool) throws -> FileStatement? {
  let file = try MappedFile(path)
  let store = DiskFolder(folder(of: path))
  let name = lastComponent(path)
  let kinds: [(magic: UInt64, name: String, state: (String, DiskFolder) throws -> FileStatement)] =
    [
      (NumberReservation.magic, NumberReservation.fileName, stateNumbers),
      (PublishedCursor.magic, PublishedCursor.fileName, statePublished),
      (DeletedRecords.magic, DeletedRecords.fileName, stateDeleted),
    ]
  let kind =
    byName
    ? kinds.first { isOrWas(name, $0.name) }
    : withExtendedLifetime(file) {
      kinds.first { DurableWords.isMarked(file.bytes, magic: $0.magic) }
    }
  if let kind { return try kind.state(name, store) }
  return name == FlaggedJournal.lockName ? stateLock(file, store) : nil
}

/// Whether `name` is `known`, or that of such a file that was set aside or is being written.
package func isOrWas(_ name: String, _ known: String) -> Bool {
  name == known || name == known + replacementSuffix || name.hasPrefix(known + asideSuffix)
}

private func stateNumbers(_ name: String, _ store: DiskFolder) throws -> FileStatement {
  let title = "the reserved numbers of a journal"
  guard let stated = try NumberReservation.read(name, in: store) else {
    return FileStatement(
      lines: [title],
      problems: [
        "\(name): neither of its two copies is whole; a start continues 2^32 numbers higher"
      ])
  }
  return FileStatement(lines: [
    title,
    stated.isExact
      ? "the last process ended in order: the next record is number \(stated.nextNumber), the next "
        + "segment \(stated.nextSegment)"
      : "numbers below \(stated.nextNumber), and segments below \(stated.nextSegment), may have been used",
  ])
}

private func statePublished(_ name: String, _ store: DiskFolder) throws -> FileStatement {
  let title = "the published number of a journal"
  switch try PublishedCursor.read(name, in: store) {
  case .number(let number):
    return FileStatement(lines: [title, "published up to number \(number)"])
  case .damaged(let found):
    return FileStatement(
      lines: [title],
      problems: ["\(name): found \(found); a start publishes the whole journal again"])
  case nil: throw SystemCallError("open", file: store.path(of: name), code: ENOENT)
  }
}

private func stateDeleted(_ name: String, _ store: DiskFolder) throws -> FileStatement {
  let deleted = try DeletedRecords(name, in: store)
  return FileStatement(
    lines: ["what retention has deleted from a journal"]
      + (deleted.note == nil ? [deleted.line] : []),
    problems: [deleted.note].compactMap(\.self))
}

private func stateLock(_ file: MappedFile, _ store: DiskFolder) -> FileStatement? {
  let number: String? = withExtendedLifetime(file) {
    guard isLockContent(file.bytes) else { return nil }
    return String(decoding: file.bytes.prefix { $0 != 0x0A }, as: UTF8.self)
  }
  guard let number else { return nil }
  return FileStatement(lines: [
    "the lock of a journal",
    journalHolder(folder: store.path).map { "held by \($0)" }
      ?? "held by nobody" + (number.isEmpty ? "" : "; process \(number) had it last"),
  ])
}

extension DeletedRecords {
  /// The counts, for people.
  var line: String {
    "deleted up to number \(number): \(counted(published, "record")) published, \(unpublished) "
      + "unpublished"
  }
}

/// The content of the manifest at `path`: the JSON value that begins `format: tamis-run/1`.
/// - Throws: `FileFault` where a field of it is wrong, `SystemCallError`.
package func manifestStatement(_ path: String) throws -> FileStatement {
  let file = try MappedFile(copying: path, byteCountMax: RunFolder.manifestByteCountMax)
  let manifest = try withExtendedLifetime(file) { try RunManifest(parsing: file) }
  return FileStatement(
    lines: [
      "the manifest of a run of \(manifest.kind.title)",
      counted(manifest.featureCount, "feature"), counted(manifest.recordCount, "record"),
      "segments: \(manifest.segments.count)", "inspect the folder to compare them with it",
    ], problems: manifest.contradiction(path).map { ["\($0)"] } ?? [])
}
