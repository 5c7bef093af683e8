internal import Calibration

/// Power sums of one feature over a window, of its finite values, in the calibration's standard
/// deviations from the calibration's mean: fourth powers of the largest float32 stay far below the
/// largest double, and little cancels.
struct FeatureSums: Equatable {
  /// Finite values.
  var count = 0
  var sum = 0.0
  var squares = 0.0
  var cubes = 0.0
  var fourths = 0.0
  /// Of the raw values: equal where the feature is stuck.
  var minimum = Float.infinity
  var maximum = -Float.infinity

  @inline(__always) @_noAllocation @_noLocks
  mutating func add(_ value: Float, scale: FeatureScale) {
    let exact = (Double(value) - scale.origin) * scale.inverseScale
    let distance = exact.magnitude <= scale.roundingMax ? 0 : exact
    let square = distance * distance
    count += 1
    sum += distance
    squares += square
    cubes += square * distance
    fourths += square * square
    minimum = min(minimum, value)
    maximum = max(maximum, value)
  }

  mutating func merge(_ other: FeatureSums) {
    count += other.count
    sum += other.sum
    squares += other.squares
    cubes += other.cubes
    fourths += other.fourths
    minimum = min(minimum, other.minimum)
    maximum = max(maximum, other.maximum)
  }
}

/// The origin and the unit of a feature's power sums.
struct FeatureScale {
  var origin: Double
  var inverseScale: Double
  /// A distance up to this counts as 0, for a feature that was constant but for rounding.
  var roundingMax: Double
}

/// Sums over one window of the unbiased sample, in memory that exists from the start. One thread at
/// a time owns it.
package struct SampledSums {
  /// Score bins, then scores below them, then scores above them. All are computed from the upper
  /// edge: without optimisation a stored constant takes a lock at its first use, and the functions
  /// below may take none.
  static var scoreCellCount: Int { overflowCell &+ 1 }
  package static var underflowCell: Int { bin(upperEdge) }
  package static var overflowCell: Int { underflowCell &+ 1 }
  private static var upperEdge: Float { 0x1p48 }

  /// Events, scorable or not.
  var eventCount = 0
  let scores: UnsafeMutablePointer<Int>
  let features: UnsafeMutablePointer<FeatureSums>
  /// Features that are summed; 0 where there is nothing to compare them with.
  let featureCount: Int

  init(featureCount: Int) {
    self.featureCount = featureCount
    scores = .allocate(capacity: Self.scoreCellCount)
    scores.initialize(repeating: 0, count: Self.scoreCellCount)
    features = .allocate(capacity: max(featureCount, 1))
    features.initialize(repeating: FeatureSums(), count: max(featureCount, 1))
  }

  func deallocate() {
    scores.deallocate()
    features.deallocate()
  }

  /// Counts an event; a score that is NaN is in no bin.
  @inline(__always) @_noAllocation @_noLocks
  mutating func note(
    score: Float, features values: UnsafeBufferPointer<Float>,
    scales: UnsafeMutablePointer<FeatureScale>
  ) {
    eventCount += 1
    if !score.isNaN { scores[Self.cell(of: score)] += 1 }
    for index in 0..<featureCount {
      let value = values[index]
      if value.isFinite {
        features[index].add(value, scale: scales[index])
      }
    }
  }

  /// `ScoreHistogram.bin` in terms of cells.
  @_noAllocation @_noLocks
  package static func cell(of score: Float) -> Int {
    if score < 0x1p-16 { return underflowCell }
    if score >= upperEdge { return overflowCell }
    return bin(score)
  }

  /// The bin by sign, exponent and three bits of the significand; 2^-16 has the exponent bits 111.
  private static func bin(_ score: Float) -> Int {
    Int(score.bitPattern >> 20) &- 111 &* 8
  }

  /// Empties it for the next window.
  mutating func reset() {
    eventCount = 0
    scores.update(repeating: 0, count: Self.scoreCellCount)
    features.update(repeating: FeatureSums(), count: max(featureCount, 1))
  }
}
