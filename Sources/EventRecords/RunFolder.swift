internal import DurableFiles
internal import Glibc

/// What lies in a run folder, by the names of its files.
struct RunFolder {
  static let manifestName = "manifest.json"

  let path: String
  /// In order; all of one kind, no index twice.
  let segments: [SegmentName]
  let hasManifest: Bool
  /// Files that are no part of a run.
  let otherNames: [String]

  /// Lists `path`.
  init(_ path: String) throws {
    let names = try fileNames(in: path)
    self.path = path
    segments = names.compactMap(SegmentName.init).sorted()
    hasManifest = names.contains(Self.manifestName)
    otherNames = names.filter { SegmentName($0) == nil && $0 != Self.manifestName }
    for (earlier, later) in zip(segments, segments.dropFirst()) {
      try refuse(earlier, beside: later)
    }
  }

  var isEmpty: Bool { segments.isEmpty && !hasManifest && otherNames.isEmpty }
  /// The kind of the segments; nil where there are none.
  var kind: RunKind? { segments.first?.kind }

  func path(of segment: SegmentName) -> String { joined(path, segment.description) }
  var manifestPath: String { joined(path, Self.manifestName) }

  private func refuse(_ earlier: SegmentName, beside later: SegmentName) throws(FileFault) {
    if earlier.kind != later.kind {
      throw FileFault(
        file: path, found: "both \(earlier) and \(later)",
        expected: "segments of events or of flagged records, not of both",
        remedy: "keep the journal and the recorded run in folders of their own")
    }
    if earlier.index == later.index {
      throw FileFault(
        file: path, found: "both \(earlier) and \(later)", expected: "one segment of a number",
        remedy: "look at both with `tamis inspect` and move one away")
    }
  }

  /// Removes segments and manifest, and nothing else.
  func removeRun() throws(SystemCallError) {
    var doomed = segments.map(path(of:))
    if hasManifest { doomed.append(manifestPath) }
    for file in doomed { try retryingOnInterrupt("remove", file: file) { unlink(file) } }
    try synchroniseFolder(of: manifestPath)
  }
}

/// `folder/name`.
func joined(_ folder: String, _ name: String) -> String {
  folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
}

/// The part of a path behind its last slash.
func lastComponent(_ path: String) -> String {
  path.split(separator: "/").last.map(String.init) ?? path
}

/// Whether `path` is a folder; throws where there is nothing.
func isFolder(_ path: String) throws(SystemCallError) -> Bool {
  var status = stat()
  try retryingOnInterrupt("open", file: path) { stat(path, &status) }
  return status.st_mode & S_IFMT == S_IFDIR
}

/// Makes the folder where it is missing. Its parent must exist.
func makeFolder(_ path: String) throws(SystemCallError) {
  if mkdir(path, 0o755) == 0 {
    try synchroniseFolder(of: path.hasSuffix("/") ? String(path.dropLast()) : path)
    return
  }
  let code = errno
  if code != EEXIST { throw SystemCallError("make the folder", file: path, code: code) }
}
