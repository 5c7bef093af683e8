package import Calibration
internal import NumberText
package import ScoreModel

/// A model of a study.
package struct StudyModel: Sendable {
  /// What it is called in the study.
  package let name: String
  /// The model as it was found.
  package let loaded: LoadedModel
  /// The levels and weights of its score.
  package let scoring: Scoring
  /// Its calibration, which was checked against it; nil without one.
  package let thresholds: LoadedCalibration?
  /// The cost of its training, where it is known.
  package let cost: TrainingExpense?

  /// Creates a model of a study.
  package init(
    name: String, loaded: LoadedModel, scoring: Scoring, thresholds: LoadedCalibration?,
    cost: TrainingExpense?
  ) {
    self.name = name
    self.loaded = loaded
    self.scoring = scoring
    self.thresholds = thresholds
    self.cost = cost
  }

  /// What kind of network it is, such as `score network`.
  var kind: String { loaded.model.kind.title }

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
