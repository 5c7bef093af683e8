internal import Analysis
internal import Calibration
internal import CurveSecurity
internal import DaemonConfiguration
internal import DurableFiles
internal import NumberText
internal import Offline
internal import RunFiles
internal import ScoreModel
internal import StrictJSON
internal import TriggerPipeline
internal import ZeroMQ

/// What a file is and whether it is whole, by its content; by its name only where the content does not
/// tell.
struct FileInspection {
  /// What the file is, its facts, and its problems.
  let lines: [String]
  /// Whether there is no problem.
  let isWhole: Bool

  /// - Throws: `FileFault` for a file that Tamis does not write, or one too damaged to tell;
  ///   `SystemCallError`.
  init(_ path: String) throws {
    if try isFolder(path), let told = try FolderInspection(path).statement() {
      (lines, isWhole) = Self.verdict(told)
      return
    }
    if try RunInspection.recognises(path) {
      var inspection = try RunInspection(path)
      if inspection.kind == .flagged { inspection.add(problems: try ledgerDamage(inFolder: path)) }
      (lines, isWhole) = (inspection.lines, inspection.isWhole)
      return
    }
    (lines, isWhole) = Self.verdict(try Self.statement(of: path))
  }

  private static func verdict(_ told: FileStatement) -> (lines: [String], isWhole: Bool) {
    let isWhole = told.problems.isEmpty
    return (
      told.lines + told.problems.map { "problem: \($0)" } + [isWhole ? "whole" : "not whole"],
      isWhole
    )
  }

  /// What a file that is no run is, and its problems.
  static func statement(of path: String) throws -> FileStatement {
    if try CalibrationPart.recognises(path) {
      return FileStatement(lines: try CalibrationPart.load(path).part.inspection)
    }
    if try TrainedModel.recognises(path) { return try model(path) }
    for byName in [false, true] {
      if let found = try ledgerFileStatement(path, byName: byName) { return found }
      if let found = try journalFileStatement(path, byName: byName) { return found }
      if !byName, let found = try Document(path)?.statement { return found }
    }
    if path.hasSuffix(".safetensors") { return try model(path) }
    if try path.hasSuffix(".json") || TriggerCalibration.recognises(path) {
      return FileStatement(lines: try TriggerCalibration.load(path).inspection)
    }
    if [".yaml", ".yml"].contains(where: path.hasSuffix) { return Document.configuration(path) }
    // Says what its first bytes are.
    _ = try RunInspection(path)
    return FileStatement(lines: [])
  }

  private static func model(_ path: String) throws -> FileStatement {
    FileStatement(lines: ModelInspection(try TrainedModel.load(path)).lines)
  }
}

/// A file of text, and one of ONNX.
private struct Document {
  private let path: String
  private let bytes: [UInt8]
  /// The beginning, by which the file is recognised.
  private let head: String

  /// More than any text that Tamis writes, but for a report's data.
  private static let byteCountMax = 256 << 20
  private static let headByteCount = 1 << 16

  /// Nil where the file is larger than such files are.
  init?(_ path: String) throws {
    let file = try MappedFile(path)
    guard file.bytes.count <= Self.byteCountMax else { return nil }
    self.path = path
    bytes = withExtendedLifetime(file) { Array(file.bytes) }
    head = String(decoding: bytes.prefix(Self.headByteCount), as: UTF8.self)
  }

  /// The facts of the file; nil for another kind of file.
  var statement: FileStatement? {
    get throws {
      if let found = try json { return found }
      if let found = keys { return found }
      if let found = markup { return found }
      if let found = table { return found }
      if isConfiguration { return Self.configuration(path) }
      // The first fields of an ONNX file: its version, and who has made it.
      return bytes.starts(with: [8, bytes.dropFirst().first ?? 0, 0x12, 5] + "tamis".utf8)
        ? FileStatement(lines: [
          "a model in the form of ONNX, as `tamis-export` writes it"
        ])
        : nil
    }
  }

  private var json: FileStatement? {
    get throws {
      guard head.first(where: { !$0.isWhitespace }) == "{",
        let value = try? bytes.withUnsafeBytes({ try JSONValue(parsing: $0) }),
        case .object(let object) = value
      else { return nil }
      switch object["format"] {
      case .string(RunManifest.format): return try manifestStatement(path)
      case .string(Study.format):
        return FileStatement(lines: ["the numbers of a report", "\(object.members.count) members"])
      case .string(let format) where format.hasPrefix("tamis-calibration/"):
        return FileStatement(lines: try TriggerCalibration.load(path).inspection)
      default: break
      }
      if let wall = object["wall_seconds"], let threads = object["threads"],
        case .number(let seconds) = wall, case .number(let count) = threads
      {
        return FileStatement(lines: [
          "what the training of a model has cost", "\(seconds) s, \(count) threads",
        ])
      }
      if object["key"] != nil, object["sha256"] != nil, object["facts"] != nil {
        return FileStatement(lines: ["the receipt of a task of `tamis-dask`"])
      }
      return nil
    }
  }

  /// Never shows a secret key.
  private var keys: FileStatement? {
    let words = head.split(whereSeparator: \.isNewline).lazy
      .map { $0.drop(while: \.isWhitespace) }.filter { !$0.isEmpty && !$0.hasPrefix("#") }
    if words.contains(where: { $0.hasPrefix("secret-key") }) {
      return state("a CURVE key pair, with its secret key") {
        let pair = try KeyFile(path).readKeyPair()
        return ["public key \(pair.publicKey.text)"]
      }
    }
    guard let first = words.first?.prefix(while: { !$0.isWhitespace }),
      CurveKey(String(first)) != nil
    else { return nil }
    return state("a list of public CURVE keys") {
      try KeyFile(path).readList().map {
        "\($0.key.text)" + ($0.name.isEmpty ? "" : "  \($0.name)")
      }
    }
  }

  private var markup: FileStatement? {
    let start = head.drop(while: \.isWhitespace).prefix(64).lowercased()
    let end = String(decoding: bytes.suffix(64), as: UTF8.self)
    if start.hasPrefix("<!doctype html"), head.contains("class=\"quiet\"") {
      return cut(["the page of a report"], unless: end.contains("</html>"))
    }
    if start.hasPrefix("%pdf-") {
      return cut(["a picture (PDF)"], unless: end.contains("%%EOF"))
    }
    return start.hasPrefix("<svg") ? cut(["a picture (SVG)"], unless: end.contains("</svg>")) : nil
  }

  private var table: FileStatement? {
    guard head.hasPrefix(Study.rocHeader + "\n") else { return nil }
    let count = bytes.count { $0 == UInt8(ascii: "\n") } - 1
    return cut(
      ["the ROC curves of a report", counted(count, "point")],
      unless: bytes.last == UInt8(ascii: "\n"))
  }

  private func cut(_ lines: [String], unless isWhole: Bool) -> FileStatement {
    FileStatement(lines: lines, problems: isWhole ? [] : ["\(path): its end is missing"])
  }

  /// Some of the sections of a daemon's configuration, at the beginnings of lines.
  private var isConfiguration: Bool {
    let sections = DaemonConfiguration.knownKeys.filter { !$0.contains(".") }
    let found = head.split(whereSeparator: \.isNewline).compactMap { line in
      sections.first { line.hasPrefix("\($0):") }
    }
    return Set(found).count >= 2 && ["model", "input", "journal"].contains(where: found.contains)
  }

  static func configuration(_ path: String) -> FileStatement {
    var statement = FileStatement(lines: ["a configuration of the daemon"])
    do {
      let configuration = try DaemonConfiguration.load(path)
      statement.lines += [
        "model: \(configuration.model)", "calibration: \(configuration.calibration)",
        "journal: \(configuration.pipeline.journalPath)",
        "`tamisd --config \(path) --check` says whether what it names is there and fits",
      ]
    } catch {
      statement.problems = "\(error)".split(whereSeparator: \.isNewline).map(String.init)
    }
    return statement
  }

  private func state(_ title: String, _ facts: () throws -> [String]) -> FileStatement {
    do {
      return FileStatement(lines: [title] + (try facts()))
    } catch {
      return FileStatement(lines: [title], problems: ["\(error)"])
    }
  }
}
