package import ReproducibleMath

/// The purposes of random numbers. The raw value is the number of the stream. The index of a number
/// in its stream tells what the number belongs to: nothing depends on the order of the draws.
package enum TrainingStream: UInt64 {
  /// Uniform initial weights and biases; index: place among the parameters.
  case weights = 0x7472_0001
  /// Normal initial embeddings; index: place among the parameters.
  case embeddings = 0x7472_0002
  /// Which event a row of a batch is; index: step * batch size + row.
  case events = 0x7472_0003
  /// Which noise level a row has; index: step * batch size + row.
  case levels = 0x7472_0004
  /// The noise; index: (step * batch size + row) * features + feature.
  case noise = 0x7472_0005
  /// The noise of measured events; index: (level * measured events + event) * features + feature.
  case measuredNoise = 0x7472_0006
  /// Uniform initial weights and biases of an autoencoder; index: place among the parameters.
  case autoencoderWeights = 0x7472_0101
  /// Which event a row of an autoencoder's batch is; index: step * batch size + row.
  case autoencoderEvents = 0x7472_0103

  /// The stream of a training with this seed.
  package func seeded(_ seed: UInt64) -> RandomStream {
    RandomStream(seed: seed, stream: rawValue)
  }
}
