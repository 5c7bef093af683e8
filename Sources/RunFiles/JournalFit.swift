internal import DurableFiles

/// Refuses a folder whose journal a model of these features cannot go on with, as opening it would.
/// Changes nothing, and may be called beside the process that has it open.
///
/// - Throws: `FileFault` that names what was found; `SystemCallError`.
public func refuseUnfitJournal(
  folder: String, featureCount: Int, featureNames: [String]?
) throws {
  let store = DiskFolder(folder)
  // A manifest that cannot be read is set aside when the journal is opened.
  let manifest = try? RunManifest.readIfSound(in: store).manifest
  _ = try JournalOpening.refuseForeign(
    RunFolder(store), manifest: manifest, featureCount: featureCount, featureNames: featureNames)
}
