package import ScoreModel

/// The first and second moments of background in standardised features, and the distances that they
/// give: the baselines that need no network.
package struct BackgroundShape: Sendable {
  /// Background events that the shape was fitted on.
  package let eventCount: Int
  /// Of the events given, those left out because a feature is NaN or infinite.
  package let skippedCount: Int
  /// Variances along the principal components, descending.
  package let variances: [Double]
  /// How many variances are more than rounding: above 1e-10 of the largest.
  package let rank: Int
  /// Components left out of the PCA residual.
  package let componentCount: Int
  /// Raw features to z.
  package let standardiser: Standardiser
  let mean: [Double]
  /// Row i is component i.
  let components: [Double]

  /// Variances below this share of the largest are rounding.
  static let rankTolerance = 1e-10
  /// Above this many features the covariance is too large to be a simple baseline.
  package static let featureCountMax = 1024
  /// The share of the variance that the components of the PCA residual explain by default.
  static let explainedByDefault = 0.9

  /// Fits the events `events` of `rows`.
  ///
  /// - Parameters:
  ///   - standardiser: how raw features become z.
  ///   - componentCount: components that the PCA residual leaves out; nil for the fewest that
  ///     explain 90 % of the variance.
  /// - Throws: `AnalysisError.cannotFit` for D + 1 events or fewer, no spread, or too many features.
  package init(
    _ rows: EventRows, events: Range<Int>, standardiser: Standardiser, componentCount: Int? = nil
  ) throws(AnalysisError) {
    let width = rows.featureCount
    func refuse(_ reason: String) -> AnalysisError {
      .cannotFit(baseline: "the shape of background (mahalanobis, pca-residual)", reason: reason)
    }
    if width > Self.featureCountMax {
      throw refuse("\(width) features are more than \(Self.featureCountMax)")
    }
    let moments = FeatureMoments(rows, events: events, standardiser: standardiser)
    if moments.count < width + 2 {
      throw refuse(
        "\(moments.count) events with finite features; \(width) features want at least \(width + 2)"
      )
    }
    let eigen = SymmetricEigen(moments.covariance, size: width)
    // Float32 features that differ at all have a variance far above the rounding of the mean.
    let rounding = 1e-24 * moments.mean.reduce(1) { max($0, $1 * $1) }
    guard let largest = eigen.values.first, largest > rounding else {
      throw refuse("all features are constant")
    }
    eventCount = moments.count
    skippedCount = moments.skippedCount
    self.standardiser = standardiser
    mean = moments.mean
    variances = eigen.values.map { max($0, 0) }
    components = eigen.vectors
    rank = variances.count { $0 > Self.rankTolerance * largest }
    self.componentCount = min(
      componentCount ?? Self.components(explaining: Self.explainedByDefault, of: variances),
      rank - 1)
  }

  private static func components(explaining share: Double, of variances: [Double]) -> Int {
    let total = variances.reduce(0, +)
    var sum = 0.0
    for (index, variance) in variances.enumerated() {
      sum += variance
      if sum >= share * total { return index + 1 }
    }
    return variances.count
  }

  /// The share of the total variance along each component.
  package var explainedShares: [Double] {
    let total = variances.reduce(0, +)
    return variances.map { $0 / total }
  }

  /// z minus the mean, along each component.
  func projections(of z: [Double], into out: inout [Double]) {
    let width = mean.count
    components.withUnsafeBufferPointer { components in
      for component in 0..<width {
        var sum = 0.0
        for feature in 0..<width {
          sum += components[component * width + feature] * (z[feature] - mean[feature])
        }
        out[component] = sum
      }
    }
  }

  /// P. Mahalanobis's squared distance, in the space in which background varies at all.
  func mahalanobisSquared(_ projections: [Double]) -> Double {
    var sum = 0.0
    for component in 0..<rank {
      sum += projections[component] * projections[component] / variances[component]
    }
    return sum
  }

  /// The squared length of the part that the first components leave over.
  func residualSquared(_ projections: [Double]) -> Double {
    projections[componentCount...].reduce(0) { $0 + $1 * $1 }
  }
}
