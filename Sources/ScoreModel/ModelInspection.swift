internal import DurableFiles
internal import NumberText
internal import StrictJSON

/// A model file described in facts for people, as `tamis inspect` prints them.
public struct ModelInspection: Sendable {
  /// One fact.
  public struct Fact: Equatable, Sendable {
    /// What it is about, such as `noise levels`.
    public let name: String
    /// The value.
    public let value: String
  }

  /// All facts, in the order in which they are to be shown.
  public let facts: [Fact]

  /// One line a fact: `noise levels: 5.0, 2.5, ...`.
  public var lines: [String] { facts.map { "\($0.name): \($0.value)" } }

  /// Describes a model.
  public init(_ loaded: LoadedModel) {
    let model = loaded.model
    facts =
      [
        Fact(name: "file", value: loaded.path),
        Fact(name: "kind", value: model.kind.title),
        Fact(name: "sha256", value: loaded.sha256.description),
        Fact(name: "network", value: model.shape.summary),
      ] + (model.kind == .score ? [Fact(name: "noise levels", value: Self.list(model.sigmas))] : [])
      + [
        Fact(name: "standardiser", value: Self.text(model.standardiser)),
        Fact(name: "features", value: Self.featureText(model)),
        Fact(name: "scoring", value: Self.scoringText(model)),
      ] + Self.distanceFacts(model.distance)
      + Self.trainingFacts(model)
      + loaded.notes.map { Fact(name: "note", value: $0) }
  }

  private static func text(_ standardiser: Standardiser) -> String {
    let logarithms = standardiser.isLogarithmic.count { $0 }
    let transform =
      logarithms == 0
      ? "no feature as log(1 + x)"
      : "\(counted(logarithms, "feature")) as log(1 + x)"
    return transform + (standardiser.clip.map { ", |z| cut at \($0)" } ?? ", no cut")
  }

  private static func distanceFacts(_ distance: NeighbourDistance?) -> [Fact] {
    guard let distance else { return [] }
    let text =
      "weight \(distance.weight) times the squared distance to the nearest of "
      + "\(distance.count) training events"
    return [Fact(name: "distance", value: text)]
  }

  private static func featureText(_ model: TrainedModel) -> String {
    guard let names = model.featureNames else { return "no names" }
    return "schema \(SHA256Digest(of: names.joined(separator: "\n")).description.prefix(8)), "
      + names.joined(separator: ", ")
  }

  private static func scoringText(_ model: TrainedModel) -> String {
    if !model.kind.hasNoiseLevels { return "sum of squared residuals" }
    return "levels \(list(model.scoring.levels)) (sigma "
      + "\(list(model.scoring.levels.map { model.sigmas[$0] }))), "
      + "weights \(list(model.scoring.weights)), output \(model.scoring.output.rawValue)"
  }

  /// A fact for each key of the training record.
  private static func trainingFacts(_ model: TrainedModel) -> [Fact] {
    (model.parsedTrainingRecord?.members ?? []).map {
      Fact(name: "training \($0.name)", value: $0.value.bareText)
    }
  }

  private static func list(_ values: [some CustomStringConvertible]) -> String {
    values.map(\.description).joined(separator: ", ")
  }
}
