package import StrictJSON

/// A network with everything that scoring an event needs, as a model file holds it.
public struct TrainedModel: Equatable, Sendable {
  /// The weights.
  public var parameters: NetworkParameters
  /// The noise levels' standard deviations, in units of standardised features; level 0 first. An
  /// autoencoder's one level has 0.
  public var sigmas: [Float]
  /// From raw features to the network's input.
  public var standardiser: Standardiser
  /// One name for each feature, or nil where the file has none.
  public var featureNames: [String]?
  /// The levels that make the score.
  public var scoring: Scoring
  /// What is added for events far from all background; nil for nothing. A score network's alone.
  public var distance: NeighbourDistance?
  /// How the model was trained: a JSON object, or nil where the file says nothing.
  public var trainingRecord: String?

  /// Creates a model. Traps where the noise levels, the standardiser, the feature names or the
  /// scoring do not fit the shape of the parameters.
  public init(
    parameters: NetworkParameters, sigmas: [Float], standardiser: Standardiser,
    featureNames: [String]?, scoring: Scoring, distance: NeighbourDistance? = nil,
    trainingRecord: String?
  ) {
    precondition(sigmas.count == parameters.shape.levelCount)
    precondition(standardiser.mean.count == parameters.shape.featureCount)
    precondition(featureNames == nil || featureNames?.count == parameters.shape.featureCount)
    precondition(scoring.levels.allSatisfy { (0..<sigmas.count).contains($0) })
    precondition(
      distance == nil
        || parameters.shape.kind == .score
          && distance?.featureCount == parameters.shape.featureCount
    )
    self.parameters = parameters
    self.sigmas = sigmas
    self.standardiser = standardiser
    self.featureNames = featureNames
    self.scoring = scoring
    self.distance = distance
    self.trainingRecord = trainingRecord
  }

  /// Creates an autoencoder. Traps where the parameters are those of a score network, and where the
  /// standardiser or the feature names do not fit them.
  public init(
    autoencoder parameters: NetworkParameters, standardiser: Standardiser,
    featureNames: [String]?, trainingRecord: String?
  ) {
    precondition(parameters.shape.kind == .autoencoder)
    self.init(
      parameters: parameters, sigmas: [0], standardiser: standardiser, featureNames: featureNames,
      scoring: .reconstruction, trainingRecord: trainingRecord)
  }

  /// The training record; nil where there is none, or one that is no JSON object.
  package var parsedTrainingRecord: JSONObject? {
    guard let trainingRecord, case .object(let object)? = try? JSONValue(parsing: trainingRecord)
    else { return nil }
    return object
  }

  /// What the network is.
  public var kind: NetworkKind { shape.kind }

  /// The network's sizes.
  public var shape: NetworkShape { parameters.shape }
}
