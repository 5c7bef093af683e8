internal import CLinux
internal import Calibration
internal import CurveSecurity
internal import DaemonConfiguration
internal import DurableFiles
internal import RateControl
internal import ScoreEngine
internal import ScoreModel
internal import TriggerPipeline

/// The model, calibration, shadow and instruction set that the daemon decides with, checked against
/// each other.
struct ConfiguredGeneration {
  let loaded: LoadedGeneration
  private let prescales: PrescaleTable?

  /// Loads all files.
  ///
  /// - Throws: `FileFault` where one is malformed or two do not belong together.
  init(_ configuration: DaemonConfiguration) throws {
    let instructionSet = try InstructionSet.selected()
    let model = try TrainedModel.load(configuration.model)
    let matchedCalibration = try MatchedCalibration(path: configuration.calibration, model: model)
    let isScreened = configuration.pipeline.isScreened
    // The pipeline makes it again. Whether it can be made belongs to the check.
    _ = try matchedCalibration.precision(
      isScreened: isScreened, model: model, instructionSet: instructionSet)
    _ = try RateControlPlan(
      configuration.rateControl, file: configuration.file,
      calibration: matchedCalibration.calibration)
    let table = try PrescaleTable(
      configuration.prescales, file: configuration.file,
      calibration: matchedCalibration.calibration)
    let shadow = try configuration.shadow.map { shadow in
      let candidate = try TrainedModel.load(shadow.model)
      let calibration = try MatchedCalibration(path: shadow.calibration, model: candidate)
      _ = try calibration.precision(
        isScreened: isScreened, model: candidate, instructionSet: instructionSet)
      guard candidate.model.shape.featureCount == model.model.shape.featureCount,
        candidate.model.schema == model.model.schema
      else {
        throw FileFault(
          file: shadow.model, found: "other features than those of \(model.path)",
          expected: "a shadow model of the same features",
          remedy: "train it on the same features, or leave the shadow out")
      }
      return LoadedGeneration.Shadow(model: candidate, calibration: calibration)
    }
    var loaded = LoadedGeneration(
      model: model, calibration: matchedCalibration, shadow: shadow,
      rateControl: configuration.rateControl, instructionSet: instructionSet)
    loaded.prescales = configuration.prescales
    loaded.configurationFile = configuration.file
    self.loaded = loaded
    prescales = table
  }

  /// All that is wrong with processors and with the files that `configuration` names, each in a sentence.
  static func faults(_ configuration: DaemonConfiguration) -> [String] {
    var faults: [String] = []
    func attempt(_ work: () throws -> Void) {
      do { try work() } catch { faults.append("\(error)") }
    }
    attempt { _ = try InstructionSet.selected() }
    for processor in configuration.pipeline.workerProcessors
    where !tamis_processor_is_available(CInt(processor)) {
      faults.append(
        "engine.affinity: processor \(processor) is not among those that this process may use; "
          + "see `taskset --cpu-list --pid $$` and the unit's CPUAffinity")
    }
    let shadow = configuration.shadow
    for path in [configuration.model, shadow?.model].compactMap({ $0 }) {
      attempt { _ = try TrainedModel.load(path) }
    }
    for path in [configuration.calibration, shadow?.calibration].compactMap({ $0 }) {
      attempt { _ = try TriggerCalibration.load(path) }
    }
    attempt { _ = try SocketSecurity(configuration) }
    // Whether the files belong together can be checked only when all are sound.
    if faults.isEmpty { attempt { _ = try ConfiguredGeneration(configuration) } }
    return faults
  }

  /// One line a fact, for `--check` and for the log.
  var summary: [String] {
    let (model, matchedCalibration) = (loaded.model, loaded.calibration)
    let scoring = matchedCalibration.scoring(of: model.model)
    let levels = model.model.kind.hasNoiseLevels ? ", levels \(scoring.levels)" : ""
    return [
      "model: \(model.path), sha256 \(model.sha256), \(model.model.kind.title), "
        + model.model.shape.summary,
      "calibration: \(matchedCalibration.path), sha256 \(matchedCalibration.sha256)\(levels)",
    ] + (matchedCalibration.calibration.screen.map { ["screen: margin \($0.margin)"] } ?? [])
      + model.notes.map { "model: \($0)" }
      + matchedCalibration.calibration.workingPoints.map {
        "working point \($0.name): score \($0.side.comparison) \($0.threshold), target rate \($0.targetFPR)"
      }
      + loaded.rateControl.points.map {
        "rate held: \($0.name) at \($0.target), threshold times \(loaded.rateControl.factorMin) to "
          + "\(loaded.rateControl.factorMax)"
      }
      + (prescales.map {
        ["prescales by \($0.axis.rawValue), rows: \($0.starts.count)"]
      } ?? [])
      + (loaded.shadow.map {
        [
          "shadow: \($0.model.path), sha256 \($0.model.sha256), with \($0.calibration.path), sha256 "
            + "\($0.calibration.sha256)"
        ]
      } ?? [])
  }
}
