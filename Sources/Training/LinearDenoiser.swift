/// How much of the noise the best linear filter explains. A network that was trained enough explains
/// more.
///
/// Of events with covariance C and noise of width sigma it predicts sigma (C + sigma^2)^-1 x and
/// leaves C (C + sigma^2)^-1 of the noise; it therefore explains the share sigma^2 trace((C +
/// sigma^2)^-1) / D. It knows background's means and correlations and nothing else, as Mahalanobis'
/// distance does. Where there are very many features it is the best filter of each feature by
/// itself.
package struct LinearDenoiser {
  /// Above this number of features the covariances are not worth their D^3 operations.
  package static let featureMax = 1024

  private let featureCount: Int
  /// C, row-major, or only its diagonal.
  private let covariance: [Double]

  /// Covariance of the events that the network learns from, population form. Float64, events
  /// ascending. O(N D^2), and O(N D) above `featureMax` features.
  package init(_ events: StandardisedEvents, split: HeldOutSplit) {
    let count = events.featureCount
    featureCount = count
    let isFull = count <= LinearDenoiser.featureMax
    var mean = [Double](repeating: 0, count: count)
    var products = [Double](repeating: 0, count: isFull ? count * count : count)
    var row = [Double](repeating: 0, count: count)
    for place in 0..<split.learntCount {
      let values = events.values.base + split.learntEvent(place) * count
      for feature in 0..<count { row[feature] = Double(values[feature]) }
      LinearDenoiser.add(row, to: &mean, &products)
    }
    let scale = 1 / Double(split.learntCount)
    covariance = products.indices.map { place in
      guard isFull else { return products[place] * scale - (mean[place] * scale).squared }
      let (i, j) = (max(place / count, place % count), min(place / count, place % count))
      return products[i * count + j] * scale - (mean[i] * scale) * (mean[j] * scale)
    }
  }

  /// A known covariance, row-major, or its diagonal alone.
  package init(covariance: [Double], featureCount: Int) {
    precondition([featureCount * featureCount, featureCount].contains(covariance.count))
    self.covariance = covariance
    self.featureCount = featureCount
  }

  private var isFull: Bool { covariance.count == featureCount * featureCount }

  /// Adds an event to the sums and to the sums of products, those of the lower triangle.
  private static func add(_ row: [Double], to sums: inout [Double], _ products: inout [Double]) {
    row.withUnsafeBufferPointer { row in
      products.withUnsafeMutableBufferPointer { products in
        for i in row.indices {
          guard products.count > row.count else {
            products[i] += row[i] * row[i]
            continue
          }
          let line = i * row.count
          for j in 0...i { products[line + j] += row[i] * row[j] }
        }
      }
      for i in row.indices { sums[i] += row[i] }
    }
  }

  /// The share of the noise explained at a noise level, 0 to 1. O(D^3).
  package func explainedNoise(sigma: Double) -> Double {
    guard isFull else {
      return covariance.reduce(0) { $0 + sigma.squared / (max($1, 0) + sigma.squared) }
        / Double(featureCount)
    }
    let inverse = inverseOfFactor(sigma: sigma)
    var trace = 0.0
    for value in inverse { trace += value * value }
    return sigma.squared * trace / Double(featureCount)
  }

  /// L^-1, row-major, with L L^T = C + sigma^2: the squares of its elements sum to the trace of
  /// (C + sigma^2)^-1.
  private func inverseOfFactor(sigma: Double) -> [Double] {
    let n = featureCount
    // Rounding may leave C a hair below zero; sigma^2 of a level is far above that.
    var factor = covariance
    for i in 0..<n { factor[i * n + i] += sigma.squared }
    for i in 0..<n {
      for j in 0...i {
        var sum = factor[i * n + j]
        for k in 0..<j { sum -= factor[i * n + k] * factor[j * n + k] }
        factor[i * n + j] =
          i == j ? max(sum, sigma.squared * 1e-9).squareRoot() : sum / factor[j * n + j]
      }
    }
    var inverse = [Double](repeating: 0, count: n * n)
    for column in 0..<n {
      inverse[column * n + column] = 1 / factor[column * n + column]
      for i in column + 1..<n {
        var sum = 0.0
        for k in column..<i { sum -= factor[i * n + k] * inverse[k * n + column] }
        inverse[i * n + column] = sum / factor[i * n + i]
      }
    }
    return inverse
  }
}

extension Double {
  fileprivate var squared: Double { self * self }
}
