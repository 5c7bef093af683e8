package import Calibration
package import DurableFiles
package import ScoreEngine
package import ScoreModel

/// A calibration that was checked against the model it is used with.
package struct MatchedCalibration: Sendable {
  /// The file's content, hash and path.
  package let loaded: LoadedCalibration

  /// The thresholds.
  package var calibration: TriggerCalibration { loaded.calibration }
  /// The file's hash, whose prefix flagged records carry.
  package var sha256: SHA256Digest { loaded.sha256 }
  /// The path as given.
  package var path: String { loaded.path }

  /// Loads the calibration at `path`.
  ///
  /// - Throws: `FileFault` where it is malformed or was made for another model, other features or
  ///   other noise levels; the fault says which two differ.
  package init(path: String, model: LoadedModel) throws {
    loaded = try TriggerCalibration.load(path)
    var differences = checkBelongsTogether(
      calibration, modelSHA256: model.sha256, modelSchema: model.model.schema,
      levelCount: model.model.shape.levelCount)
    let kind = model.model.kind
    if !kind.hasNoiseLevels, calibration.weights != Scoring.reconstruction.weights {
      differences.append(
        "weights \(calibration.weights) for an \(kind.title), whose one weight is 1")
    }
    guard differences.isEmpty else {
      throw FileFault(
        file: path, found: differences.joined(separator: "; "),
        expected: "a calibration made with \(model.path)",
        remedy: "calibrate again with this model, or name the model it was made with")
    }
  }
}

extension MatchedCalibration {
  /// The network or networks to score with. With `isScreened` the calibration must have measured the
  /// screen. Where thresholds may fall below the calibration's, `loosestThreshold` is the lowest that
  /// may come into force: the screen leaves every event to the exact network that may fire.
  ///
  /// - Throws: `FileFault` that names the calibration where it has no screen, or the model where it
  ///   cannot be screened.
  package func precision(
    isScreened: Bool, model: LoadedModel, instructionSet: InstructionSet,
    loosestThreshold: Float? = nil
  ) throws(FileFault) -> ScoringPrecision {
    let exact = ScoringNetwork(
      model: model.model, scoring: scoring(of: model.model), instructionSet: instructionSet)
    guard isScreened else { return .exact(exact) }
    guard let screen = calibration.screen else {
      throw FileFault(
        file: path, place: "screen", found: "null",
        expected: "the comparison of screen and exact scores that precision: screened needs",
        remedy: "calibrate again with this version, or use precision: exact")
    }
    do throws(ScreenError) {
      return .screened(
        try ScreenNetwork(model: model.model, exact: exact),
        Screening(
          threshold: loosestThreshold ?? calibration.loosestThreshold,
          quietThreshold: calibration.quietThreshold, margin: screen.margin))
    } catch {
      throw FileFault(
        file: model.path, found: error.description,
        expected: "a network that can be screened")
    }
  }

  /// The levels and weights that the thresholds were calibrated with.
  package func scoring(of model: TrainedModel) -> Scoring {
    Scoring(
      levels: calibration.levels, weights: calibration.weights, output: model.scoring.output)
  }
}
