internal import CScoreKernels
internal import ReproducibleMath
package import ScoreModel

/// The training data as the network sees them, in memory, and the standardiser fitted on them.
package struct StandardisedEvents: Sendable {
  package let standardiser: Standardiser
  /// Features whose values differ by no more than rounding; their scale is that of a constant.
  package let roundedFeatures: [Int]
  /// Features that have one value in all events; their scale is 1, or four float steps of the value
  /// where that is more.
  package let constantFeatures: [Int]
  /// Events left when of equal ones a single one stays, as hashes of 64 bits tell them.
  package let distinctEventCount: Int
  package let eventCount: Int
  package let featureCount: Int
  /// N x D, row-major.
  let values: FloatBuffer

  /// The standardised features of one event.
  package subscript(event: Int) -> [Float] {
    (0..<featureCount).map { values.base[event * featureCount + $0] }
  }

  /// Fits mean and standard deviation (of the population) of t(x) per feature and applies them.
  ///
  /// Sums are float64 in a fixed order: events ascending within chunks of `chunkEventCount`, then
  /// chunks ascending. A constant feature gets scale 1, or four float steps of its value
  /// where that is more.
  package init(
    _ events: TrainingEvents, logarithmic: [Bool]?, clip: Float?
  ) throws {
    guard events.eventCount >= 2 else {
      throw TrainingError.tooFewEvents(found: events.eventCount, needed: 2)
    }
    eventCount = events.eventCount
    featureCount = events.featureCount
    values = try FloatBuffer(count: eventCount * featureCount)
    try StandardisedEvents.read(events, logarithmic: logarithmic, into: values.base)
    let rows = FeatureRows(base: values.base, count: eventCount, featureCount: featureCount)
    let mean = rows.mean()
    let spread = rows.spreads(mean: mean)
    standardiser = Standardiser(
      mean: mean.map { Float($0) }, scale: spread.scales, isLogarithmic: logarithmic, clip: clip)
    roundedFeatures = spread.rounded
    constantFeatures = spread.constant
    distinctEventCount = rows.distinctCount()
    rows.standardise(standardiser)
  }

  private static func read(
    _ events: TrainingEvents, logarithmic: [Bool]?, into base: UnsafeMutablePointer<Float>
  ) throws {
    let featureCount = events.featureCount
    let logarithms = logarithmic.map { flags in flags.indices.filter { flags[$0] } } ?? []
    for chunk in FeatureRows.chunks(of: events.eventCount) {
      let start = base + chunk.lowerBound * featureCount
      try events.copyFeatures(chunk, start)
      guard tamis_all_finite(start, chunk.count * featureCount) else {
        throw firstNotFinite(events, chunk: chunk, start: start)
      }
      for event in 0..<chunk.count {
        for feature in logarithms {
          let place = event * featureCount + feature
          start[place] = Float(portableLog1p(Double(max(start[place], 0))))
        }
      }
    }
  }

  private static func firstNotFinite(
    _ events: TrainingEvents, chunk: Range<Int>, start: UnsafeMutablePointer<Float>
  ) -> TrainingError {
    let elements = 0..<chunk.count * events.featureCount
    let place = elements.first { !start[$0].isFinite } ?? 0
    let feature = place % events.featureCount
    return TrainingError.notFinite(
      event: chunk.lowerBound + place / events.featureCount, feature: feature,
      featureName: events.featureNames?[feature], value: start[place])
  }
}

/// Rows of features in memory.
private struct FeatureRows {
  let base: UnsafeMutablePointer<Float>
  let count: Int
  let featureCount: Int

  static let chunkEventCount = 1024

  static func chunks(of count: Int) -> [Range<Int>] {
    stride(from: 0, to: count, by: chunkEventCount).map { $0..<min($0 + chunkEventCount, count) }
  }

  func mean() -> [Double] {
    sums(of: { value, _ in value }, around: [Double](repeating: 0, count: featureCount))
      .map { $0 / Double(count) }
  }

  func spreads(mean: [Double]) -> (scales: [Float], rounded: [Int], constant: [Int]) {
    let squares = sums(of: { value, mean in (value - mean) * (value - mean) }, around: mean)
    var scales = [Float](repeating: 1, count: featureCount)
    var (rounded, constant): ([Int], [Int]) = ([], [])
    for feature in squares.indices {
      let spread = (squares[feature] / Double(count)).squareRoot()
      // For large values a step of rounding is far more than 1, and must stay small in z.
      scales[feature] = max(1, Float(ResolvedSpread.floor(mean: mean[feature])))
      // The mean of equal values may be off by a rounding: a spread above 0 does not prove that they
      // differ.
      if isConstant(feature) {
        constant.append(feature)
      } else if ResolvedSpread.holds(spread, mean: mean[feature]) {
        scales[feature] = Float(spread)
      } else {
        rounded.append(feature)
      }
    }
    return (scales, rounded, constant)
  }

  /// The sum over all events of `term(value, centre of its feature)`, feature by feature.
  @inline(__always)
  private func sums(
    of term: (Double, Double) -> Double, around centres: [Double]
  ) -> [Double] {
    var totals = [Double](repeating: 0, count: featureCount)
    for chunk in FeatureRows.chunks(of: count) {
      var partial = [Double](repeating: 0, count: featureCount)
      for event in chunk {
        let row = base + event * featureCount
        for feature in 0..<featureCount {
          partial[feature] += term(Double(row[feature]), centres[feature])
        }
      }
      for feature in 0..<featureCount { totals[feature] += partial[feature] }
    }
    return totals
  }

  private func isConstant(_ feature: Int) -> Bool {
    (1..<count).allSatisfy { base[$0 * featureCount + feature] == base[feature] }
  }

  /// Rows of different bits. FNV-1a (Fowler, Noll, Vo) of whole words, mixed at the end.
  func distinctCount() -> Int {
    var hashes = (0..<count).map { event in
      var hash: UInt64 = 0xCBF2_9CE4_8422_2325
      let row = base + event * featureCount
      for feature in 0..<featureCount {
        hash = (hash ^ UInt64(row[feature].bitPattern)) &* 0x0000_0100_0000_01B3
        hash ^= hash >> 32
      }
      return hash
    }
    hashes.sort()
    return zip(hashes, hashes.dropFirst()).count { $0 != $1 } + 1
  }

  /// z = clip((t(x) - mean) / scale) in float32, as the engine has it.
  func standardise(_ standardiser: Standardiser) {
    let limit = standardiser.clip ?? .infinity
    for event in 0..<count {
      let row = base + event * featureCount
      for feature in 0..<featureCount {
        let z = (row[feature] - standardiser.mean[feature]) / standardiser.scale[feature]
        row[feature] = min(max(z, -limit), limit)
      }
    }
  }
}
