public import ScoreModel

/// How far a training is.
public struct TrainingProgress: Equatable, Sendable {
  /// Steps done.
  public let step: Int
  /// Steps to do in all.
  public let stepCount: Int
  /// The loss averaged over the last hundred steps or so, later ones weighing more.
  public let smoothedLoss: Double
  /// Steps a second since the start.
  public let stepsPerSecond: Double
  /// Seconds to go at that rate.
  public let secondsToGo: Double
}

/// The cost of a training. It is not part of the model, whose bytes must not depend on it.
public struct TrainingCost: Equatable, Sendable {
  /// Seconds from start to end.
  public let wallSeconds: Double
  /// Processor seconds of the whole program in that time.
  public let cpuSeconds: Double
  /// The number of threads.
  public let threads: Int
}

/// The mean loss of the steps since the point before.
public struct LossPoint: Equatable, Sendable {
  /// Steps done.
  public let step: Int
  /// The mean loss.
  public let loss: Double
}

/// A trained network, how its loss fell and what it took.
public struct TrainingResult: Sendable {
  /// The model with its training record. It depends only on events and recipe.
  public let model: TrainedModel
  /// The loss over the training, at most a hundred points.
  public let lossHistory: [LossPoint]
  /// The performance of the network at each noise level. It is measured on held-out events where
  /// the scoring levels were chosen by it, otherwise on one training event in twenty; nil where
  /// there are fewer events.
  public let measurement: NetworkMeasurement?
  /// Features that are not constant but vary by no more than the rounding of float32: their scale
  /// is 1.
  public let roundedFeatures: [Int]
  /// What was chosen by background and why, a sentence each; none for an autoencoder.
  public let choices: [String]
  /// What it took.
  public let cost: TrainingCost
}
