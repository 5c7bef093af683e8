internal import DurableFiles
internal import EventRecords

/// Throws a `FileFault` where no run can be written in the folder `path`: it is not empty and
/// `replacing` is false, holds no run, is the journal of a daemon, or is being written. For the
/// start of long work; `RunWriter` looks again.
public func refuseRunFolder(_ path: String, unless replacing: Bool) throws {
  guard (try? isFolder(path)) ?? false else { return }
  let store = DiskFolder(path)
  _ = try store.hold()
  try refuse(store, try store.names(), replacing: replacing)
}

/// Makes the folder `store`, which is held, ready for a new run: nothing of an earlier one is in
/// it.
/// - Throws: as `refuseRunFolder`; `SystemCallError`.
func clearForRun(_ store: DiskFolder, replacing: Bool) throws {
  let names = try store.names()
  try refuse(store, names, replacing: replacing)
  // The manifest goes first: a kill then leaves a run that was not finished.
  let segments = names.compactMap(SegmentName.init).map(\.description)
  for name in RunFolder.fileNames.filter(names.contains) + segments { try store.remove(name) }
  if !names.isEmpty { try store.synchronise() }
}

/// A run is recognised by its segments or its manifest, also where its writer was killed at any
/// moment. Files of other names stay.
private func refuse(_ store: DiskFolder, _ names: [String], replacing: Bool) throws {
  if names.isEmpty { return }
  guard replacing else {
    throw FileFault(
      file: store.path, found: "a folder that is not empty", expected: "a new name",
      remedy: "choose another name or replace the run in it with --force")
  }
  // A live process may hold the folder as its journal.
  if names.contains(FlaggedJournal.lockName) { _ = try store.lock(FlaggedJournal.lockName) }
  let journals =
    FlaggedJournal.fileNames + [FlaggedJournal.ledgerName, FlaggedJournal.accountsName]
  if let name = journals.first(where: { $0 != RunFolder.manifestName && names.contains($0) }) {
    throw FileFault(
      file: store.path, found: "a daemon's journal, which has a file \(name)",
      expected: "a run to replace, or a new name", remedy: "choose another name")
  }
  let segments = names.filter { SegmentName($0) != nil }
  let foreign = try segments.first { try !holdsRecords(store, $0) }
  if try foreign != nil || segments.isEmpty && !holdsManifest(store, names) {
    throw FileFault(
      file: store.path, found: "a folder of other files, such as \(foreign ?? names[0])",
      expected: "a run to replace, or a new name", remedy: "choose another name")
  }
}

/// Whether a file that is called like a segment begins like one. One that has only begun is empty,
/// or has zeros or a part of the first bytes where no record was written.
private func holdsRecords(_ store: DiskFolder, _ name: String) throws -> Bool {
  let file = try store.open(name, .reading)
  var start: UInt32 = 0
  let count = try withUnsafeMutableBytes(of: &start) { try file.read(into: $0, at: 0) }
  let read = UInt32.max >> UInt32(32 - 8 * count)
  return [0, EventRecord.magic & read, FlaggedRecord.magic & read].contains(start)
}

/// Whether the manifest of a run is there, or its beginning. Other programs call files so, too.
private func holdsManifest(_ store: DiskFolder, _ names: [String]) throws -> Bool {
  if names.contains(RunFolder.newManifestName) { return true }
  do {
    return try RunManifest.read(in: store) != nil
  } catch is FileFault {
    return false
  }
}

/// A run that nothing is left of unless it is finished.
final class DiscardedRun {
  private let store: DiskFolder
  private let kind: RunKind
  private let isNew: Bool
  private let bySignal: RunRemoval
  private var lastIndex = 0

  /// - Parameter isNew: whether the folder was made for the run, and goes with it.
  init(_ store: DiskFolder, kind: RunKind, isNew: Bool) {
    self.store = store
    self.kind = kind
    self.isNew = isNew
    bySignal = RunRemoval(folder: store.path, kind: kind.rawValue, removesFolder: isNew)
  }

  /// Segment `index` is begun next.
  func extend(to index: Int) {
    lastIndex = index
    bySignal.extend(to: index)
  }

  /// The run is finished.
  func forget() { bySignal.forget() }

  /// Removes the files of the run, as far as that can be done.
  func remove() {
    for name in RunFolder.fileNames { try? store.remove(name) }
    for index in 0..<lastIndex {
      let name = SegmentName(index: lastIndex - index, kind: kind, isOpen: true)
      for name in [name.closed, name] { try? store.remove(name.description) }
    }
    if isNew { try? store.removeFolder() }
    forget()
  }
}
