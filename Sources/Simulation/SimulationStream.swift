internal import ReproducibleMath

/// The purposes of the random streams, each with the places of its numbers.
enum SimulationStream: UInt64 {
  /// Keyed by the process seed: normals p D ..< (p + 1) D make the mean of process p.
  case processMean = 1
  /// Keyed by the process seed: normals p D^2 ..< (p + 1) D^2 make the matrix A of process p,
  /// row by row.
  case processMixing = 2
  /// Keyed by the sample's seed: block i chooses the process of background event i.
  case backgroundProcess = 3
  /// Keyed by the sample's seed: normals of the background events, see `fillBackground`.
  case backgroundFeatures = 4
  /// Keyed by the sample's seed: normals of the anomalies, see `fillAnomalies`.
  case anomalyFeatures = 5

  /// The stream for this purpose.
  func keyed(by seed: UInt64) -> RandomStream {
    RandomStream(seed: seed, stream: rawValue)
  }
}
