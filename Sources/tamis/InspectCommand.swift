internal import ArgumentParser
internal import CommandFrame
internal import StrictJSON

/// `tamis inspect`.
struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Say what a file is, and whether it is whole.",
    discussion: """
      Knows every file that Tamis writes, by what is in it, whatever its name is: models, calibrations \
      and parts of them, runs, segments, manifests and .npy files; journals and each file in one; \
      reports, pictures and their folders; keys (no secret one is shown); and the configuration of a daemon. Exit \
      status 1 where a file is damaged or of another kind.

      Example:
        tamis inspect model.safetensors calibration.json train.run journal
      """)

  @Argument(help: "Files and folders.", completion: .file())
  var files: [String]

  @OptionGroup var output: OutputOptions

  func run() throws {
    var facts = Facts()
    var damaged = 0
    for file in files {
      let (lines, isWhole) = attempt(file)
      if !isWhole { damaged += 1 }
      facts.add(
        file,
        .object(["whole": .bool(isWhole), "facts": .array(lines.map { .string($0) })]),
        line: (["\(file):"] + lines.map { "  \($0)" }).joined(separator: "\n"))
    }
    facts.print(asJSON: output.json)
    if damaged > 0 {
      throw NegativeAnswer(description: "\(damaged) of \(files.count) not whole or not known")
    }
  }

  /// A fault of a file is one of its facts, and the next file is inspected.
  private func attempt(_ file: String) -> (lines: [String], isWhole: Bool) {
    do {
      let inspection = try FileInspection(file)
      return (inspection.lines, inspection.isWhole)
    } catch {
      return (["\(error)"], false)
    }
  }
}
