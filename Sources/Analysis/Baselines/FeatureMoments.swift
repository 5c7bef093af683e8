internal import ScoreModel

/// Mean and covariance of standardised features, over the events whose features are all finite.
struct FeatureMoments: Sendable {
  /// Events that count.
  let count: Int
  /// Events left out because a feature is NaN or infinite.
  let skippedCount: Int
  /// D.
  let mean: [Double]
  /// D x D, divided by count - 1; zeros for fewer than two events.
  let covariance: [Double]

  /// Two passes over `events`. O(n D^2).
  init(_ rows: EventRows, events: Range<Int>, standardiser: Standardiser) {
    let width = rows.featureCount
    var z = [Double](repeating: 0, count: width)
    var sum = [Double](repeating: 0, count: width)
    var count = 0
    rows.forEachChunk(of: events) { _, chunk in
      for row in 0..<chunk.count / width
      where standardiser.standardise(chunk[row * width..<(row + 1) * width], into: &z) {
        count += 1
        for feature in 0..<width { sum[feature] += z[feature] }
      }
    }
    let mean = sum.map { count > 0 ? $0 / Double(count) : 0 }
    var products = [Double](repeating: 0, count: width * width)
    rows.forEachChunk(of: events) { _, chunk in
      for row in 0..<chunk.count / width
      where standardiser.standardise(chunk[row * width..<(row + 1) * width], into: &z) {
        for feature in 0..<width { z[feature] -= mean[feature] }
        Self.addProducts(of: z, to: &products)
      }
    }
    self.count = count
    skippedCount = events.count - count
    self.mean = mean
    covariance = Self.mirrored(products, width: width, divisor: Double(max(count - 1, 1)))
  }

  /// Adds z_i z_j for j <= i.
  private static func addProducts(of z: [Double], to products: inout [Double]) {
    products.withUnsafeMutableBufferPointer { products in
      z.withUnsafeBufferPointer { z in
        for i in 0..<z.count {
          let (factor, start) = (z[i], i * z.count)
          for j in 0...i { products[start + j] += factor * z[j] }
        }
      }
    }
  }

  private static func mirrored(
    _ products: [Double], width: Int, divisor: Double
  ) -> [Double] {
    var covariance = products
    for i in 0..<width {
      for j in 0...i {
        covariance[i * width + j] = products[i * width + j] / divisor
        covariance[j * width + i] = covariance[i * width + j]
      }
    }
    return covariance
  }
}
