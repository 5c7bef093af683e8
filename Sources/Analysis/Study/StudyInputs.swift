package import DurableFiles
internal import ScoreModel

/// The inputs of a study.
package struct StudyInputs: Sendable {
  /// The models, at least one; all of the same features.
  package var models: [StudyModel]
  /// Background that no model was trained on.
  package var background: StudySample
  /// The signals, at least one.
  package var signals: [StudySample]
  /// Background to fit baselines on; nil for the first half of `background`.
  package var training: StudySample?
  /// Single variables to judge beside.
  package var variables: [VariableScore]

  /// Creates inputs.
  package init(
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

/// A file that events came from.
package struct SampleOrigin: Equatable, Sendable {
  /// The path as given.
  package let path: String
  /// SHA-256 of its content.
  package let sha256: SHA256Digest
  /// Events in it.
  package let eventCount: Int

  /// Creates an origin.
  package init(path: String, sha256: SHA256Digest, eventCount: Int) {
    self.path = path
    self.sha256 = sha256
    self.eventCount = eventCount
  }
}

/// The events of one kind, and where they came from.
package struct StudySample: Sendable {
  /// The events, with the sample's name.
  package let rows: EventRows
  /// The files, in order.
  package let origins: [SampleOrigin]

  /// Creates a sample.
  package init(rows: EventRows, origins: [SampleOrigin]) {
    self.rows = rows
    self.origins = origins
  }

  /// The sample's name.
  package var name: String { rows.name }
}
