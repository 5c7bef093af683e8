internal import ReproducibleMath

/// One physics process of the background: a multivariate normal distribution.
///
/// Process p has mean 0.3 (p + 1) N(0, 1)^D and covariance A A^T + 0.5 I with
/// A = 0.1 N(0, 1)^(D x D).
package struct GaussianProcess: Sendable {
  /// The variance that every feature has on its own.
  static let independentVariance = 0.5

  /// What it stands for.
  package let name: String
  /// Its share of the background.
  package let weight: Double
  /// D values.
  package let mean: [Double]
  /// A, D x D; element (row j, column k) at k D + j, so that a column is contiguous.
  let mixingColumns: [Double]

  /// Draws the process number `number` (from 0) of a process seed.
  init(
    name: String, weight: Double, number: Int, processSeed: UInt64, featureCount: Int
  ) {
    self.name = name
    self.weight = weight
    let means = SimulationStream.processMean.keyed(by: processSeed)
    let entries = SimulationStream.processMixing.keyed(by: processSeed)
    let square = featureCount * featureCount
    mean = (0..<featureCount).map { feature in
      0.3 * Double(number + 1) * Double(means.gaussian(at: UInt64(number * featureCount + feature)))
    }
    mixingColumns = (0..<square).map { place in
      let (column, row) = place.quotientAndRemainder(dividingBy: featureCount)
      let index = number * square + row * featureCount + column
      return 0.1 * Double(entries.gaussian(at: UInt64(index)))
    }
  }

  /// One element of the covariance matrix A A^T + 0.5 I. O(D).
  package func covariance(_ row: Int, _ column: Int) -> Double {
    let products = (0..<mean.count).map { k in
      mixingColumns[k * mean.count + row] * mixingColumns[k * mean.count + column]
    }
    return products.reduce(row == column ? Self.independentVariance : 0, +)
  }
}
