internal import Analysis
internal import DurableFiles
internal import NumberText
internal import RunFiles

/// A folder that `tamis evaluate` writes: a report, or its pictures. Runs and journals are folders, too,
/// and have an inspection of their own.
struct FolderInspection {
  private let path: String
  private let names: [String]
  private static let pictureSuffixes = [".svg", ".pdf"]

  init(_ path: String) throws {
    self.path = path
    names = try DiskFolder(path).names().filter { !$0.hasPrefix(".") }.sorted()
  }

  /// The facts of the folder; nil for one of another kind.
  func statement() throws -> FileStatement? {
    if try !isRunFolder(path), names.contains(where: ReportFiles.names.contains) {
      return try report()
    }
    return isOfPictures ? try pictures() : nil
  }

  private var isOfPictures: Bool {
    !names.isEmpty
      && names.allSatisfy { name in Self.pictureSuffixes.contains { name.hasSuffix($0) } }
  }

  private func report() throws -> FileStatement {
    var told = FileStatement(lines: ["a report, as `tamis evaluate --report` writes it"])
    for name in ReportFiles.names {
      guard names.contains(name) else {
        told.problems.append("\(name): not there; `tamis evaluate --report` writes it again")
        continue
      }
      let file = try FileInspection.statement(of: joined(path, name))
      told.lines.append("\(name): \(file.lines.joined(separator: ", "))")
      told.problems += file.problems
    }
    let others = names.count { !ReportFiles.names.contains($0) }
    if others > 0 { told.lines.append("\(counted(others, "other file")), not looked at") }
    told.lines.append("a browser shows \(joined(path, ReportFiles.names[0]))")
    return told
  }

  private func pictures() throws -> FileStatement {
    var told = FileStatement(lines: ["pictures of a report: \(names.count)"])
    for name in names {
      told.problems += try FileInspection.statement(of: joined(path, name)).problems
    }
    return told
  }
}
