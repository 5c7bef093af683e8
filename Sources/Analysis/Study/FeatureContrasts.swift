internal import ReproducibleMath
internal import ScoreModel

/// How the features of each signal differ from those of background.
package struct FeatureContrasts: Sendable {
  /// One feature.
  package struct Feature: Equatable, Sendable {
    /// Its place.
    package let index: Int
    /// Its name.
    package let name: String
    /// Kolmogorov and Smirnov's distance of each signal from background; nil for no finite value.
    package let distances: [Double?]

    /// The largest of them.
    package var largestDistance: Double { distances.compactMap { $0 }.max() ?? 0 }
  }

  /// Distributions of one feature.
  package struct Histogram: Equatable, Sendable {
    /// Its place among the features.
    package let feature: Int
    /// Whether bins are of log10(1 + x), which the model takes the feature as.
    package let isLogarithmic: Bool
    /// Finite values of background.
    package let background: FixedBins
    /// The same for each signal.
    package let signals: [FixedBins]
  }

  /// All features, the most differing first; ties by place.
  package let features: [Feature]
  /// Histograms of the first ones.
  package let histograms: [Histogram]
  /// For each sample (background, then the signals): one event in this many was used.
  package let steps: [Int]

  static let histogramMax = 12
  static let binCount = 40

  init(
    background: EventRows, signals: [EventRows], names: [String], isLogarithmic: [Bool]
  ) {
    let known = FeatureColumns(background)
    let columns = signals.map { FeatureColumns($0) }
    let features = names.indices.map { index in
      let reference = ScoreSample(known[index].lazy.map { Double($0) })
      return Feature(
        index: index, name: names[index],
        distances: columns.map {
          kolmogorovSmirnovDistance(reference, ScoreSample($0[index].lazy.map { Double($0) }))
        })
    }.sorted { ($0.largestDistance, $1.index) > ($1.largestDistance, $0.index) }
    self.features = features
    steps = [known.step] + columns.map(\.step)
    histograms = features.prefix(Self.histogramMax).map { feature in
      Self.histogram(
        feature.index, isLogarithmic: isLogarithmic[feature.index], background: known,
        signals: columns)
    }
  }

  private static func histogram(
    _ feature: Int, isLogarithmic: Bool, background: FeatureColumns, signals: [FeatureColumns]
  ) -> Histogram {
    let samples = ([background] + signals).map { columns in
      columns[feature].filter(\.isFinite).map { value in
        isLogarithmic ? log10(1 + max(Double(value), 0)) : Double(value)
      }
    }
    let ends = samples.filter { !$0.isEmpty }.map { sample in
      let ascending = sample.sorted()
      return (
        quantile(0.002, ofAscending: ascending), quantile(0.998, ofAscending: ascending)
      )
    }
    let low = ends.map(\.0).min() ?? 0
    let high = ends.map(\.1).max() ?? 1
    let margin = max(0.01 * (high - low), 1e-6 * max(abs(low), abs(high)), 1e-9)
    func bins(_ values: [Double]) -> FixedBins {
      FixedBins(values, low: low - margin, high: high + margin, count: binCount)
    }
    return Histogram(
      feature: feature, isLogarithmic: isLogarithmic, background: bins(samples[0]),
      signals: samples.dropFirst().map(bins))
  }
}
