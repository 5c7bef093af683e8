internal import Calibration
internal import DurableFiles
internal import Glibc
internal import ScoreEngine
internal import ScoreModel
internal import TriggerPipeline

/// The smallest models that the real engine scores with: an autoencoder of zeros, whose score of an
/// event grows with the square of its first feature, and two calibrations to switch between.
package struct SimulatedGenerations: Sendable {
  static let featureCount = 2
  /// Events whose first feature is above this are above the threshold of either calibration.
  static let certainCut: Float = 0.7
  private static let cuts: [Float] = [0.6, 0.7]

  let loaded: [LoadedGeneration]

  /// Makes them, by way of files in a folder that is removed again.
  package init() throws {
    let shape = NetworkShape(featureCount: Self.featureCount, autoencoder: [1])
    let model = TrainedModel(
      autoencoder: NetworkParameters(zeros: shape),
      standardiser: Standardiser(mean: [0, 0], scale: [1, 1]), featureNames: ["a", "b"],
      trainingRecord: nil)
    let file = try model.encoded().withUnsafeBytes {
      try TrainedModel.decode($0, path: "zeros.safetensors")
    }
    let folder = temporaryFolder()
    defer { rmdir(folder) }
    guard let rate = FalsePositiveRate("0.4") else { preconditionFailure("0.4 is a rate") }
    loaded = try Self.cuts.map { cut in
      let score = Self.score(of: cut, model)
      let calibration = TriggerCalibration(
        modelSHA256: file.sha256, schema: model.schema, levels: model.scoring.levels,
        weights: model.scoring.weights, confidence: 0.95, eventCount: 1_000, notScorableCount: 0,
        runs: [],
        workingPoints: [
          WorkingPoint(
            name: "cut", targetFPR: rate, threshold: score, rank: 600,
            fprInterval: 0.3...0.5)
        ], reference: DriftReference(), created: "2026-11-23T20:00:00Z", program: "simulation")
      let path = "\(folder)/cut.json"
      defer { unlink(path) }
      try calibration.write(to: path, replacing: true)
      return LoadedGeneration(
        model: file, calibration: try MatchedCalibration(path: path, model: file),
        instructionSet: .scalar)
    }
  }

  private static func score(of feature: Float, _ model: TrainedModel) -> Float {
    let network = ScoringNetwork(
      model: model, scoring: model.scoring, instructionSet: .scalar)
    let scorer = EventScorer(.exact(network), batchMax: 1)
    let features: [Float] = [feature, 0]
    var score: Float = 0
    var attributions: [Float] = [0, 0]
    features.withUnsafeBytes {
      guard let base = $0.baseAddress else { return }
      _ = scorer.score(
        events: base, eventStride: $0.count, count: 1, isSampled: nil, scores: &score,
        attributions: &attributions, attributionStride: $0.count)
    }
    return score
  }
}

/// A new folder that only this process knows.
func temporaryFolder() -> String {
  var template = Array("/tmp/tamis-simulation-XXXXXX".utf8CString)
  guard let path = mkdtemp(&template) else { preconditionFailure("no folder in /tmp") }
  return String(cString: path)
}
