internal import ArgumentParser
internal import Calibration
internal import CommandFrame
internal import DurableFiles
internal import EventRecords
internal import Glibc
internal import Offline
internal import RunFiles
internal import ScoreModel
internal import StrictJSON

/// `tamis inspect`.
struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Say what a file is, and whether it is whole.",
    discussion: """
      Knows models, calibrations and parts of them, runs, segments, journals and .npy files. Exit \
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

  /// A fault of a file is one of its facts. The next file is inspected all the same.
  private func attempt(_ file: String) -> (lines: [String], isWhole: Bool) {
    do {
      return try inspect(file)
    } catch {
      return (["\(error)"], false)
    }
  }

  private func inspect(_ file: String) throws -> (lines: [String], isWhole: Bool) {
    if try !RunInspection.recognises(file) {
      if try CalibrationPart.recognises(file) {
        return (try CalibrationPart.load(file).part.inspection, true)
      }
      if try file.hasSuffix(".safetensors") || TrainedModel.recognises(file) {
        return (ModelInspection(try TrainedModel.load(file)).lines, true)
      }
      if try file.hasSuffix(".json") || TriggerCalibration.recognises(file) {
        return (try TriggerCalibration.load(file).inspection, true)
      }
    }
    var inspection = try RunInspection(file)
    if inspection.kind == .flagged { inspection.add(problems: try ledgerDamage(inFolder: file)) }
    return (inspection.lines, inspection.isWhole)
  }
}
