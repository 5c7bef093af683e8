package import Calibration
package import DurableFiles
internal import NumberText
package import ScoreModel

/// A model of a study.
package struct StudyModel: Sendable {
  /// Its thresholds.
  package struct Thresholds: Sendable {
    /// The calibration.
    package let calibration: TriggerCalibration
    /// The path as given.
    package let path: String
    /// The file's hash.
    package let sha256: SHA256Digest

    /// Creates thresholds that were checked against the model.
    package init(calibration: TriggerCalibration, path: String, sha256: SHA256Digest) {
      self.calibration = calibration
      self.path = path
      self.sha256 = sha256
    }
  }

  /// What it is called in the study.
  package let name: String
  /// The model as it was found.
  package let loaded: LoadedModel
  /// What kind of network it is, such as `score network`.
  package let kind: String
  /// The levels and weights of its score.
  package let scoring: Scoring
  /// Its thresholds, where there are any.
  package let thresholds: Thresholds?
  /// The cost of its training, where it is known.
  package let cost: TrainingExpense?

  /// Creates a model of a study.
  package init(
    name: String, loaded: LoadedModel, kind: String, scoring: Scoring, thresholds: Thresholds?,
    cost: TrainingExpense?
  ) {
    self.name = name
    self.loaded = loaded
    self.kind = kind
    self.scoring = scoring
    self.thresholds = thresholds
    self.cost = cost
  }

  /// One line on its score.
  var explanation: String {
    let model = loaded.model
    if !model.kind.hasNoiseLevels {
      return "\(kind), sum of the squared residuals of the standardised features"
    }
    let terms = zip(scoring.levels, scoring.weights).map { level, weight in
      "\(decimal(Double(weight))) at sigma \(decimal(Double(model.sigmas[level])))"
    }
    let distance = model.distance.map {
      ", plus \(decimal(Double($0.weight))) times the squared distance to the nearest of \($0.count) "
        + "training events"
    }
    return "\(kind), squared norm of the output weighted \(terms.joined(separator: ", "))"
      + (distance ?? "")
  }
}
