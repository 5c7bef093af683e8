internal import CLinux
internal import Calibration
internal import CommandFrame
internal import CurveSecurity
internal import DaemonConfiguration
internal import DurableFiles
internal import Monitoring
internal import ScoreEngine
internal import ScoreModel
internal import TriggerPipeline

/// What the daemon decides with: model, calibration and instruction set, checked against each other.
struct Arms {
  let model: LoadedModel
  let armed: ArmedCalibration
  let instructionSet: InstructionSet

  /// Loads both files.
  ///
  /// - Throws: `FileFault` where one is malformed or the two do not belong together.
  init(_ configuration: DaemonConfiguration) throws {
    instructionSet = try InstructionSet.selected()
    model = try TrainedModel.load(configuration.model)
    armed = try ArmedCalibration(path: configuration.calibration, model: model)
    // Made once more for the pipeline: whether it can be made belongs to the check.
    _ = try armed.precision(
      isScreened: configuration.engine.precision == .screened, model: model,
      instructionSet: instructionSet)
  }

  /// All that is wrong with the files that `configuration` names, each in a sentence.
  static func faults(_ configuration: DaemonConfiguration) -> [String] {
    var faults: [String] = []
    func attempt(_ work: () throws -> Void) {
      do { try work() } catch { faults.append("\(error)") }
    }
    attempt { _ = try InstructionSet.selected() }
    for processor in configuration.engine.affinity
    where !tamis_processor_is_available(CInt(processor)) {
      faults.append(
        "engine.affinity: processor \(processor) is not among those that this process may use; "
          + "see `taskset --cpu-list --pid $$` and the unit's CPUAffinity")
    }
    attempt { _ = try TrainedModel.load(configuration.model) }
    attempt { _ = try TriggerCalibration.load(configuration.calibration) }
    attempt { _ = try SocketSecurity(configuration) }
    // Whether the two belong together can be asked only when both are sound.
    if faults.isEmpty { attempt { _ = try Arms(configuration) } }
    return faults
  }

  /// The working points, as metrics name them.
  var points: [ArmedPoint] {
    armed.calibration.workingPoints.map {
      ArmedPoint(name: $0.name, targetFPR: $0.targetFPR.value, threshold: $0.threshold)
    }
  }

  /// What identifies a running daemon.
  var build: BuildFacts {
    BuildFacts(
      version: programVersion, instructionSet: instructionSet.rawValue, model: "\(model.sha256)",
      calibration: "\(armed.sha256)")
  }

  /// One line a fact, for `--check` and for the first lines of the log.
  var summary: [String] {
    let scoring = armed.scoring(of: model.model)
    let levels = model.model.kind == .score ? ", levels \(scoring.levels)" : ""
    return [
      "model: \(model.path), sha256 \(model.sha256), \(model.model.kind.title), "
        + model.model.shape.summary,
      "calibration: \(armed.path), sha256 \(armed.sha256)\(levels)",
    ] + (armed.calibration.screen.map { ["screen: margin \($0.margin)"] } ?? [])
      + model.notes.map { "model: \($0)" }
      + points.map {
        "working point \($0.name): score > \($0.threshold), target rate \($0.targetFPR)"
      }
  }
}
