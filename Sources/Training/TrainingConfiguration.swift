package import ScoreEngine
package import ScoreModel

/// The recipe of a training and where to run it. With `fitted` and `narrowsNoise` it adapts to
/// background, as `tamis train` does where no option says otherwise.
///
/// The recipe determines the model to the bit; `threads` and `instructionSet` do not touch it.
package struct TrainingConfiguration: Equatable, Sendable {
  /// What is trained. Noise, output, width, blocks and scoring are a score network's alone.
  package var network = NetworkKind.score
  /// The widths of an autoencoder's hidden layers, at least one.
  package var autoencoderLayers = [128, 64, 8, 64, 128]
  /// The number of optimiser steps, at least 1.
  package var steps = 20_000
  /// Events a step, at least 1; drawn with replacement, so it may exceed the number of events.
  package var batchSize = 512
  /// The seed of all that is random: initial weights, batches, noise levels and noise.
  package var seed: UInt64 = 1
  /// Adam's learning rate, positive; where the schedule begins.
  package var learningRate = 1e-3
  /// How the learning rate goes on.
  package var schedule = LearningRateSchedule.cosine
  /// What the network learns to put out.
  package var output = Scoring.Output.noise
  /// The largest noise level, in units of standardised features: level 0.
  package var sigmaMax = 5.0
  /// The smallest noise level, positive: the last one.
  package var sigmaMin = 0.05
  /// The number of noise levels, at least 1.
  package var levelCount = 10
  /// The width of the hidden layers: a multiple of 16.
  package var hiddenWidth = 256
  /// The number of residual blocks, at least 1.
  package var blockCount = 3
  /// How many networks are trained alike, from one seed after another, and averaged: 1 to 16.
  package var memberCount = 1
  /// The decay of the moving average of the parameters that becomes the model, in 0 ..< 1; nil
  /// saves the parameters themselves.
  package var emaDecay: Double?
  /// The settings that the size of the sample decides in place of the values here.
  package var fitted: FittedSettings = []
  /// Whether only those noise levels of the ladder are trained that the scoring level is chosen
  /// from; it has no effect where scoring levels are given. What is trained so cannot be sampled.
  package var narrowsNoise = false
  /// The levels that make the score; nil chooses one by what the trained network does on one event
  /// in twenty, which it does not see in training.
  package var scoringLevels: [Int]?
  /// One non-negative weight a scoring level, where these are given; nil is 1/n each.
  package var scoringWeights: [Float]?
  /// Whether the distance to the nearest training events is part of the score.
  package var distance = DistanceChoice.automatic
  /// Whether a feature enters as log(1 + max(x, 0)), one value a feature; nil is never.
  package var logarithmicFeatures: [Bool]?
  /// Where standardised features are cut, positive; nil is nowhere.
  package var clip: Float?
  /// The number of threads, at least 1.
  package var threads = 1
  /// The instructions to run, which must be available.
  package var instructionSet = InstructionSet.best

  /// A recipe that adapts to nothing, on one thread.
  package init() {}

  /// The network's sizes for events of `featureCount` features.
  package func shape(featureCount: Int) -> NetworkShape {
    switch network {
    case .score:
      NetworkShape(
        featureCount: featureCount, hiddenWidth: hiddenWidth, blockCount: blockCount,
        levelCount: levelCount)
    case .autoencoder:
      NetworkShape(featureCount: featureCount, autoencoder: autoencoderLayers)
    }
  }
}
