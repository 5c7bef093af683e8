internal import ArgumentParser
internal import DurableFiles
internal import Glibc

/// The outputs of a command, by option. They are checked before any work is done: each name can be
/// written to, no two are the same, none is an input, and no other command is about to write one of
/// them.
struct Outputs {
  private struct Place: Hashable {
    var device: UInt
    var inode: UInt
  }

  private var files: [(option: String, path: String)] = []
  private var folders: [(option: String, path: String)] = []
  private var runs: [(option: String, path: String)] = []

  /// Adds a file that an option names, if it does.
  mutating func file(_ option: String, _ path: String?) {
    if let path { files.append((option, path)) }
  }

  /// Adds a folder that an option names, if it does.
  mutating func folder(_ option: String, _ path: String?) {
    if let path { folders.append((option, path)) }
  }

  /// Adds a run's folder that an option names, if it does.
  mutating func runFolder(_ option: String, _ path: String?) {
    if let path { runs.append((option, path)) }
  }

  /// Adds a run: a folder, or a file where the name ends in `.npy`.
  mutating func run(_ option: String, _ path: String) {
    if path.hasSuffix(".npy") { file(option, path) } else { runs.append((option, path)) }
  }

  /// - Throws: `ValidationError` for names that cannot go together, `FileFault` or
  ///   `SystemCallError` for one that cannot be written.
  func check(inputs: [String?] = [], replacing: Bool) throws {
    let inputs = inputs.compactMap { $0 }
    // First, since "it is an input" helps more than "it exists".
    for (option, path) in files { try refuseInput(option, path, isFolder: false, inputs) }
    let allFolders = folders + runs
    for (option, path) in allFolders { try refuseInput(option, path, isFolder: true, inputs) }
    var seen: [String: String] = [:]
    var claimed: [String] = []
    for (option, path) in files {
      let name = try OutputName(path, replacing: replacing)
      try refuseTwice(option, name.target, &seen)
      claimed.append(name.target)
    }
    for (option, path) in allFolders {
      try checkFolder(path)
      try refuseTwice(option, path.droppingSlashes, &seen)
    }
    // The writer of a run holds its folder. A claimed folder includes the files in it.
    let names = folders.map(\.path.droppingSlashes)
    for target in claimed where !names.contains(DurableFiles.folder(of: target)) {
      try claimName(target)
    }
    for name in names { try claimName(name) }
  }

  private func refuseTwice(
    _ option: String, _ target: String, _ seen: inout [String: String]
  ) throws {
    let parent = Self.place(DurableFiles.folder(of: target))
    let name = target.split(separator: "/").last ?? ""
    let key = "\(parent.map { "\($0.device):\($0.inode)" } ?? "")/\(name)"
    if let other = seen.updateValue(option, forKey: key) {
      throw ValidationError("\(other) and \(option) name the same file: \(target)")
    }
  }

  private func checkFolder(_ path: String) throws {
    var status = stat()
    if stat(path, &status) == 0 {
      guard status.st_mode & S_IFMT == S_IFDIR else {
        throw FileFault(
          file: path, found: "a file", expected: "a folder, or a new name",
          remedy: "choose another name; only one that ends in .npy is a file")
      }
      guard access(path, W_OK | X_OK) == 0 else {
        throw SystemCallError("write in the folder", file: path)
      }
      return
    }
    // A new folder is made as a new file is: in a folder that is there.
    _ = try OutputName(path.droppingSlashes, replacing: false)
  }

  private func refuseInput(
    _ option: String, _ path: String, isFolder: Bool, _ inputs: [String]
  ) throws {
    // Only an existing file can be an input, or lie in one.
    guard let place = Self.place(path) else { return }
    for input in inputs {
      let parent = DurableFiles.folder(of: input.droppingSlashes)
      let isInput =
        place == Self.place(input)
        || (isFolder ? Self.isFile(input) && place == Self.place(parent) : liesIn(input, path))
      if isInput {
        throw ValidationError("\(option) \(path) is an input of the command; choose another name")
      }
    }
  }

  private func liesIn(_ input: String, _ path: String) -> Bool {
    !Self.isFile(input) && Self.place(DurableFiles.folder(of: path)) == Self.place(input)
  }

  private static func place(_ path: String) -> Place? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    return Place(device: UInt(status.st_dev), inode: UInt(status.st_ino))
  }

  private static func isFile(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) != 0 || status.st_mode & S_IFMT != S_IFDIR
  }
}

extension String {
  /// Without slashes at the end, except for the root.
  fileprivate var droppingSlashes: String {
    var text = self[...]
    while text.count > 1, text.hasSuffix("/") { text = text.dropLast() }
    return String(text)
  }
}
