package import RateControl
package import ScoreEngine
package import ScoreModel

/// A model with its calibration, and perhaps another pair to score beside it: files that were read
/// and found to belong together. Scorers are not made yet.
package struct LoadedGeneration: Sendable {
  /// The model.
  package var model: LoadedModel
  /// Its calibration.
  package var calibration: MatchedCalibration
  /// The pair that scores beside it and publishes nothing; nil for none.
  package var shadow: Shadow?
  /// Which rates are held, and how.
  package var rateControl: RateControlSettings
  /// Prescales by section or time, and the configuration that has them.
  package var prescales = PrescaleSchedule()
  /// The configuration's file.
  package var configurationFile = ""
  /// The instruction set to score with.
  package var instructionSet: InstructionSet

  /// A candidate that is compared with the live pair.
  package struct Shadow: Sendable {
    /// The model.
    package var model: LoadedModel
    /// Its calibration.
    package var calibration: MatchedCalibration

    /// Joins two files.
    package init(model: LoadedModel, calibration: MatchedCalibration) {
      self.model = model
      self.calibration = calibration
    }
  }

  /// Joins what was loaded.
  package init(
    model: LoadedModel, calibration: MatchedCalibration, shadow: Shadow? = nil,
    rateControl: RateControlSettings = RateControlSettings(), instructionSet: InstructionSet
  ) {
    self.model = model
    self.calibration = calibration
    self.shadow = shadow
    self.rateControl = rateControl
    self.instructionSet = instructionSet
  }
}

/// Why a candidate was not taken. The generation in force stays.
package struct GenerationRefusal: Error, Equatable, Sendable, CustomStringConvertible {
  /// What was found, what was expected and what to do.
  package let description: String
}
