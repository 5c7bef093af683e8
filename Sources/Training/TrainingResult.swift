package import ScoreModel

/// The progress of a training.
package struct TrainingProgress: Equatable, Sendable {
  /// Steps done.
  package let step: Int
  /// Steps to do in all.
  package let stepCount: Int
  /// The loss averaged over the last hundred steps or so, later ones weighing more.
  package let smoothedLoss: Double
  /// Steps a second since the start.
  package let stepsPerSecond: Double
  /// Seconds to go at that rate.
  package let secondsToGo: Double
}

/// The cost of a training. It is not part of the model, whose bytes must not depend on it.
package struct TrainingCost: Equatable, Sendable {
  /// Seconds from start to end.
  package let wallSeconds: Double
  /// Processor seconds of the whole program in that time.
  package let cpuSeconds: Double
  /// The number of threads.
  package let threads: Int
}

/// The mean loss of the steps since the point before.
package struct LossPoint: Equatable, Sendable {
  /// Steps done.
  package let step: Int
  /// The mean loss.
  package let loss: Double
}

/// A trained network, how its loss fell and what it took.
package struct TrainingResult: Sendable {
  /// The model with its training record. It depends only on events and recipe.
  package let model: TrainedModel
  /// The loss over the training, at most a hundred points.
  package let lossHistory: [LossPoint]
  /// The performance of the network at each noise level. It is measured on held-out events where
  /// the scoring levels were chosen by it, otherwise on one training event in twenty; nil where
  /// there are fewer events.
  package let measurement: NetworkMeasurement?
  /// As `StandardisedEvents.roundedFeatures`.
  package let roundedFeatures: [Int]
  /// As `StandardisedEvents.constantFeatures`.
  package let constantFeatures: [Int]
  /// Events that were trained on.
  package let eventCount: Int
  /// As `StandardisedEvents.distinctEventCount`.
  package let distinctEventCount: Int
  /// The choices that background made, a sentence each with its reason; none for an autoencoder.
  package let choices: [String]
  /// The cost of the training.
  package let cost: TrainingCost

  init(
    events: StandardisedEvents, model: TrainedModel, lossHistory: [LossPoint],
    measurement: NetworkMeasurement?, choices: [String], cost: TrainingCost
  ) {
    self.model = model
    self.lossHistory = lossHistory
    self.measurement = measurement
    self.choices = choices
    self.cost = cost
    (roundedFeatures, constantFeatures) = (events.roundedFeatures, events.constantFeatures)
    (eventCount, distinctEventCount) = (events.eventCount, events.distinctEventCount)
  }
}
