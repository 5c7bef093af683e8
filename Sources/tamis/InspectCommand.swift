internal import ArgumentParser
internal import Calibration
internal import CommandFrame
internal import DurableFiles
internal import EventRecords
internal import Glibc
internal import ScoreModel

/// `tamis inspect`.
struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Say what a file is, and whether it is whole.",
    discussion: """
      Knows models, calibrations, runs, segments, journals and .npy files. Exit status 1 where a \
      file is damaged or none of these.

      Example:
        tamis inspect model.safetensors calibration.json train.run journal
      """)

  @Argument(help: "Files and folders.")
  var files: [String]

  func run() throws {
    var damaged = 0
    for file in files {
      print("\(file):")
      do {
        let (lines, isWhole) = try inspect(file)
        for line in lines { print("  \(line)") }
        if !isWhole { damaged += 1 }
      } catch {
        print("  \(error)")
        damaged += 1
      }
    }
    if damaged > 0 {
      throw NegativeAnswer(description: "\(damaged) of \(files.count) not whole or not known")
    }
  }

  private func inspect(_ file: String) throws -> (lines: [String], isWhole: Bool) {
    if file.hasSuffix(".safetensors") {
      return (ModelInspection(try TrainedModel.load(file)).lines, true)
    }
    if file.hasSuffix(".json") { return (try TriggerCalibration.load(file).inspection, true) }
    let inspection = try RunInspection(file)
    return (inspection.lines, inspection.isWhole)
  }
}
