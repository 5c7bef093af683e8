internal import DurableFiles
internal import NumberText
internal import StrictJSON

extension RunInspection {
  mutating func stateNoManifest(_ folder: RunFolder, isUnreadable: Bool) {
    let line: String
    switch folder.state {
    case .closed:
      line = "manifest.json cannot be read"
      if !isUnreadable { problems.append("manifest.json is a link to nothing") }
    case .journal:
      line = "no manifest.json: the run is still being written, or its writer did not end in order"
    case .beingWritten:
      isBeingWritten = true
      line = "no manifest.json yet: a command writes the run"
    case .unfinished:
      problems.append(RunFolder.unfinishedText)
      line = "no manifest.json"
    }
    state("manifest", .null, isUnreadable ? "manifest.json cannot be read" : line)
  }

  /// Segments that the manifest should list and does not. A journal may have grown since the last
  /// orderly end; its new segments have higher numbers.
  func unlistedProblems(
    _ manifest: RunManifest, _ names: [String], _ firstNumbers: [String: UInt64]
  ) -> [String] {
    let listed = Set(manifest.segments.map(\.name))
    let unlisted = names.filter { !listed.contains($0) }
    if manifest.kind == .events { return unlisted.map { "manifest.json does not list \($0)" } }
    let numbers = (try? NumberReservation.read(in: DiskFolder(path))).flatMap(\.self)
    if numbers?.isExact ?? false, journalHolder(folder: path) == nil {
      return unlisted.map {
        "manifest.json does not list \($0), though the last process ended in order: the file was "
          + "changed, or could not be written then"
      }
    }
    return unlisted.filter { firstNumbers[$0] ?? .max <= manifest.lastNumber ?? 0 }.map {
      "manifest.json does not list \($0), whose numbers are not above those that it counts"
    }
  }

  /// States where the manifest and the segments differ.
  mutating func compare(
    _ manifest: RunManifest, with found: RunManifest, deleted: DeletedRecords?, hasUnlisted: Bool
  ) {
    let before = problems.count
    var deletedNames: [String] = []
    let present = found.segmentsByName
    for var listed in manifest.segments {
      let lastNumber = listed.summary?.lastNumber
      listed.summary = nil
      guard let segment = present[listed.name] else {
        if let lastNumber, let deleted, lastNumber <= deleted.number {
          deletedNames.append(listed.name)
          continue
        }
        problems.append("manifest.json lists \(listed.name), which is not there")
        continue
      }
      if segment.byteCount != listed.byteCount {
        problems.append(
          "\(listed.name) is not what manifest.json says: found \(counted(segment.byteCount, "byte")), "
            + "expected \(listed.byteCount)"
            + (segment.byteCount > listed.byteCount
              ? "; `truncate -s \(listed.byteCount)` removes what was added" : ""))
      } else if segment != listed {
        problems.append(
          "\(listed.name) is not what manifest.json says: \(counted(segment.byteCount, "byte")), "
            + "SHA-256 \(segment.sha256), expected \(counted(listed.byteCount, "byte")), "
            + "\(listed.sha256)")
      }
    }
    let listed = Set(manifest.segments.map(\.name))
    let later = found.segments.map(\.name).filter { !listed.contains($0) }
    if !deletedNames.isEmpty {
      state(
        "deleted_since_manifest", .array(deletedNames.map(JSONValue.string)),
        "deleted after the manifest: \(deletedNames.joined(separator: ", "))")
    } else if later.isEmpty, problems.count == before,
      Self.comparable(manifest) != Self.comparable(found, like: manifest)
    {
      problems.append("manifest.json counts other records than the segments hold")
    }
    if !later.isEmpty {
      state(
        "not_in_manifest", .array(later.map(JSONValue.string)),
        "written after the manifest: \(later.joined(separator: ", "))")
    }
    let agrees = problems.count == before && !hasUnlisted
    state(
      "manifest", .bool(agrees),
      agrees ? "manifest.json agrees with the segments" : "manifest.json does not agree")
  }

  /// The fields that the segments alone determine.
  private static func comparable(
    _ manifest: RunManifest, like other: RunManifest? = nil
  ) -> RunManifest {
    var manifest = manifest
    manifest.extras = [:]
    // An earlier version listed all sources, however many.
    if (other ?? manifest).sources.count > RunTally.listedMax(manifest.kind) {
      (manifest.sources, manifest.runs, manifest.unlistedCount) = ([], [], nil)
    }
    for index in manifest.segments.indices { manifest.segments[index].summary = nil }
    return manifest
  }
}
