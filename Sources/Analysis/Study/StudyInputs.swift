internal import ScoreModel

/// The inputs of a study.
public struct StudyInputs: Sendable {
  /// The models, at least one; all of the same features.
  public var models: [StudyModel]
  /// Background that no model was trained on.
  public var background: StudySample
  /// The signals, at least one.
  public var signals: [StudySample]
  /// Background to fit baselines on; nil for the first half of `background`.
  public var training: StudySample?
  /// Single variables to judge beside.
  public var variables: [VariableScore]

  /// Creates inputs.
  public init(
    models: [StudyModel], background: StudySample, signals: [StudySample],
    training: StudySample? = nil, variables: [VariableScore] = []
  ) {
    precondition(!models.isEmpty && !signals.isEmpty)
    self.models = models
    self.background = background
    self.signals = signals
    self.training = training
    self.variables = variables
  }

  /// The features' names, or their numbers where the models have none.
  var featureNames: [String] {
    models.lazy.compactMap(\.loaded.model.featureNames).first
      ?? (0..<background.rows.featureCount).map { "feature \($0)" }
  }
}
