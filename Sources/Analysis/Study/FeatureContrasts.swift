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
    var largestDistance: Double { distances.compactMap { $0 }.max() ?? 0 }
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

/// The raw features of a sample, feature by feature. Of a large sample only every k-th event is
/// taken.
private struct FeatureColumns {
  /// More events than this tell nothing more about the shape of a distribution.
  static let eventMax = 100_000

  /// Events taken.
  let count: Int
  /// One event in this many was taken.
  let step: Int
  private let values: [Float]

  init(_ rows: EventRows) {
    let step = max(1, (rows.count + Self.eventMax - 1) / Self.eventMax)
    let taken = (rows.count + step - 1) / step
    let width = rows.featureCount
    values = [Float](unsafeUninitializedCapacity: taken * width) { buffer, initialized in
      buffer.initialize(repeating: 0)
      rows.forEachChunk { first, chunk in
        for row in 0..<chunk.count / width where (first + row) % step == 0 {
          for feature in 0..<width {
            buffer[feature * taken + (first + row) / step] = chunk[row * width + feature]
          }
        }
      }
      initialized = taken * width
    }
    self.step = step
    count = taken
  }

  /// The values of one feature, in the order of the events.
  subscript(feature: Int) -> ArraySlice<Float> { values[feature * count..<(feature + 1) * count] }
}
