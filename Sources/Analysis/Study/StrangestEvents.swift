internal import ScoreEngine
internal import ScoreModel

/// The events of each sample that a model finds strangest, explained.
package struct StrangestEvents: Sendable {
  /// Of one sample.
  package struct Group: Sendable {
    /// The sample's name.
    package let sample: String
    /// The highest scores first.
    package let events: [EventExplanation]
    /// How far the levels agree on each of them.
    let agreements: [LevelAgreement]
  }

  /// The model's name.
  package let model: String
  /// Background first, then the signals.
  package let groups: [Group]

  static let eventMax = 2
  /// Features of a bar chart, and of the overlap between levels.
  static let featureMax = 8

  init(
    _ model: StudyModel, score: EvaluatedScore, samples: [EventRows],
    instructionSet: InstructionSet
  ) throws {
    self.model = model.name
    let explainer = EventExplainer(
      model: model.loaded.model, scoring: model.scoring, instructionSet: instructionSet)
    groups = try zip(samples, [score.background] + score.signals).map { rows, scores in
      let strangest = scores.indices.filter { scores[$0].isFinite }
        .sorted { (scores[$0], $1) > (scores[$1], $0) }.prefix(Self.eventMax)
      let events = try explainer.explain(Array(strangest), of: rows)
      return Group(
        sample: rows.name, events: events,
        agreements: events.map { LevelAgreement($0, top: Self.featureMax) })
    }
  }
}
