internal import DurableFiles
internal import Glibc
internal import RunFiles
internal import ScoreModel
internal import TriggerPipeline

/// Whether a daemon can write its journal in a folder, found out without opening it.
struct JournalProbe {
  private(set) var faults: [String] = []
  private(set) var warnings: [String] = []
  /// Whether another process has the journal open.
  private(set) var isHeld = false
  /// The state of the journal; nil where there is none or it was not asked for.
  private(set) var opening: String?
  /// The errno with which the disk has refused more bytes.
  private var refusal: CInt?

  /// Looks at the folder, which may not exist yet: its parent must then. What is there must go with
  /// `model`, where there is one. `rehearses` asks for all that a start would do to the journal.
  init(_ settings: PipelineSettings, for model: TrainedModel?, rehearses: Bool) {
    let folder = settings.journalPath
    warnOfFileSizes(settings)
    var status = stat()
    if stat(folder, &status) == 0 {
      guard status.st_mode & S_IFMT == S_IFDIR else {
        faults.append(
          "journal.path: \(folder): found a file, expected a folder or a new name")
        return
      }
      warnOfMemory(folder)
      if let model { tryGoingOn(in: folder, with: model) }
      if let holder = journalHolder(folder: folder) {
        isHeld = true
        warnings.append(
          "journal.path: \(folder): \(holder) has it open; its ports were not tried. A second daemon "
            + "with this configuration cannot start while it runs")
        return
      }
      tryWriting(in: folder)
      if rehearses, faults.isEmpty, let model { rehearse(settings, model) }
    } else if errno == ENOENT, lstat(folder, &status) == 0 {
      faults.append(
        "journal.path: \(folder): found a symbolic link to nothing, expected a folder or a new name"
      )
    } else if errno == ENOENT || errno == ENOTDIR {
      tryParent(of: folder)
      if rehearses, faults.isEmpty, let model {
        rehearse(settings, model)
        opening = nil
      }
    } else {
      faults.append("journal.path: \(folder): \(String(cString: strerror(errno)))")
    }
  }

  private mutating func rehearse(_ settings: PipelineSettings, _ model: TrainedModel) {
    do {
      let rehearsal = try JournalRehearsal(settings, model: model, refusal: refusal)
      opening = rehearsal.opening
      warnings += rehearsal.notes.map { "the start will find: \($0)" }
    } catch {
      faults.append("journal.path: \(error)")
    }
  }

  private mutating func tryGoingOn(in folder: String, with model: TrainedModel) {
    do {
      try refuseUnfitJournal(
        folder: folder, featureCount: model.shape.featureCount, featureNames: model.featureNames)
    } catch {
      faults.append("journal.path: \(error)")
    }
    for name in FlaggedJournal.writtenNames {
      let path = joined(folder, name)
      // The start sets aside anything that is no file, such as a link to itself.
      if access(path, R_OK | W_OK) != 0, errno != ENOENT, errno != ELOOP {
        faults.append(
          "journal.path: cannot write \(path): \(String(cString: strerror(errno))); it must belong "
            + "to the user of the daemon, as all files of the journal")
      }
    }
  }

  private mutating func tryParent(of folder: String) {
    let parent = DurableFiles.folder(of: folder.hasSuffix("/") ? String(folder.dropLast()) : folder)
    var status = stat()
    guard stat(parent, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      if isStateFolder(parent), errno == ENOENT {
        warnings.append(
          "journal.path: \(folder): found no folder \(parent) yet; systemd makes it when it starts the "
            + "service; without systemd make it, owned by the user of the daemon")
        return
      }
      faults.append(
        "journal.path: \(folder): found no folder \(parent), expected one to make the journal in; "
          + "make it, owned by the user of the daemon")
      return
    }
    warnOfMemory(parent)
    tryWriting(in: parent)
  }

  /// A limit below the files of a first start keeps the daemon from starting; the rehearsal finds it.
  private mutating func warnOfFileSizes(_ settings: PipelineSettings) {
    let expected = settings.segmentByteCountMax
    guard let limit = fileByteCountLimit(), limit < expected else { return }
    warnings.append(
      "journal.segment_bytes_max: found a limit of \(limit) bytes a file, expected at least \(expected): "
        + "the journal stalls at a segment that reaches the limit; raise it (ulimit -f, LimitFSIZE in the "
        + "unit), or set smaller segments")
  }

  /// Writes a file, the only way to know of quotas, modes and read-only mounts together.
  private mutating func tryWriting(in folder: String) {
    let path = "\(folder)/.tamisd-check-\(getpid())"
    do {
      defer { unlink(path) }
      let file = try OpenFile(opening: path, flags: O_CREAT | O_EXCL | O_RDWR, mode: 0o600)
      let page = [UInt8](repeating: 0, count: 4_096)
      try page.withUnsafeBytes { try file.writeAll($0) }
      try file.synchronise()
    } catch let error as SystemCallError {
      let text = "journal.path: cannot write in \(folder): \(String(cString: strerror(error.code)))"
      switch error.code {
      case ENOSPC, EDQUOT:
        // The daemon waits for room, and says so.
        warnings.append("\(text); nothing is kept until there is room")
        refusal = error.code
      default: faults.append("\(text); check owner and mode of the folder, and how it is mounted")
      }
    } catch {
      faults.append("journal.path: \(error)")
    }
  }

  private mutating func warnOfMemory(_ folder: String) {
    if ["tmpfs", "ramfs"].contains(fileSystemType(of: folder)) {
      warnings.append(
        "journal.path: \(folder) lies in memory (tmpfs): a restart of the machine loses the journal"
      )
    }
  }
}

/// Whether the units of the package make the folder: their StateDirectory is tamis, or
/// tamis-INSTANCE.
private func isStateFolder(_ folder: String) -> Bool {
  let name = folder.dropFirst("/var/lib/".count)
  return folder.hasPrefix("/var/lib/") && !name.contains("/")
    && (name == "tamis" || name.hasPrefix("tamis-"))
}

/// The type of the file system of a folder, as proc_pid_mountinfo(5) names it; nil where the
/// kernel does not say.
private func fileSystemType(of folder: String) -> String? {
  var status = stat()
  guard stat(folder, &status) == 0,
    let file = try? OpenFile(opening: "/proc/self/mountinfo", flags: O_RDONLY)
  else { return nil }
  // makedev(3) backwards.
  let device = UInt64(status.st_dev)
  let major = (device >> 8) & 0xFFF | (device >> 32) & ~0xFFF
  let minor = device & 0xFF | (device >> 12) & ~0xFF
  let text = withUnsafeTemporaryAllocation(byteCount: 1 << 18, alignment: 1) { buffer in
    String(decoding: buffer.prefix((try? file.read(into: buffer, at: 0)) ?? 0), as: UTF8.self)
  }
  for line in text.split(separator: "\n") {
    let fields = line.split(separator: " ")
    guard fields.count > 2, fields[2] == "\(major):\(minor)",
      let dash = fields.firstIndex(of: "-"), dash + 1 < fields.endIndex
    else { continue }
    return String(fields[dash + 1])
  }
  return nil
}
