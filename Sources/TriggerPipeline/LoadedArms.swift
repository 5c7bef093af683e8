public import ScoreEngine
public import ScoreModel

/// A model with its calibration, and perhaps another pair to score beside it: files that were read
/// and found to belong together, before anything is made of them.
public struct LoadedArms: Sendable {
  /// The model.
  public var model: LoadedModel
  /// Its calibration.
  public var armed: ArmedCalibration
  /// What scores beside it and publishes nothing; nil for none.
  public var shadow: Shadow?
  /// The instruction set to score with.
  public var instructionSet: InstructionSet

  /// A candidate that is compared with the live arms.
  public struct Shadow: Sendable {
    /// The model.
    public var model: LoadedModel
    /// Its calibration.
    public var armed: ArmedCalibration

    /// Joins two files.
    public init(model: LoadedModel, armed: ArmedCalibration) {
      self.model = model
      self.armed = armed
    }
  }

  /// Joins what was loaded.
  public init(
    model: LoadedModel, armed: ArmedCalibration, shadow: Shadow? = nil,
    instructionSet: InstructionSet
  ) {
    self.model = model
    self.armed = armed
    self.shadow = shadow
    self.instructionSet = instructionSet
  }
}

/// Why a candidate was not armed. The arms in force stay.
public struct ArmingRefusal: Error, Equatable, Sendable, CustomStringConvertible {
  /// What was found, what was expected and what to do.
  public let description: String
}
