public import ScoreEngine
public import ScoreModel

/// A model with its calibration, and perhaps another pair to score beside it: files that were read
/// and found to belong together. Scorers are not made yet.
public struct LoadedGeneration: Sendable {
  /// The model.
  public var model: LoadedModel
  /// Its calibration.
  public var calibration: MatchedCalibration
  /// The pair that scores beside it and publishes nothing; nil for none.
  public var shadow: Shadow?
  /// The instruction set to score with.
  public var instructionSet: InstructionSet

  /// A candidate that is compared with the live pair.
  public struct Shadow: Sendable {
    /// The model.
    public var model: LoadedModel
    /// Its calibration.
    public var calibration: MatchedCalibration

    /// Joins two files.
    public init(model: LoadedModel, calibration: MatchedCalibration) {
      self.model = model
      self.calibration = calibration
    }
  }

  /// Joins what was loaded.
  public init(
    model: LoadedModel, calibration: MatchedCalibration, shadow: Shadow? = nil,
    instructionSet: InstructionSet
  ) {
    self.model = model
    self.calibration = calibration
    self.shadow = shadow
    self.instructionSet = instructionSet
  }
}

/// Why a candidate was not taken. The generation in force stays.
public struct GenerationRefusal: Error, Equatable, Sendable, CustomStringConvertible {
  /// What was found, what was expected and what to do.
  public let description: String
}
