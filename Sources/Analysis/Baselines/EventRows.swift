internal import ReproducibleMath
internal import ScoreModel

/// Events as rows of raw features that any thread may read at any time.
package struct EventRows: Sendable {
  /// The sample's name.
  package let name: String
  /// The number of events.
  package let count: Int
  /// D.
  package let featureCount: Int
  /// Writes the raw features of a range of events, row-major.
  package let copyFeatures: @Sendable (Range<Int>, UnsafeMutablePointer<Float>) -> Void

  /// Creates a sample.
  package init(
    name: String, count: Int, featureCount: Int,
    copyFeatures: @escaping @Sendable (Range<Int>, UnsafeMutablePointer<Float>) -> Void
  ) {
    self.name = name
    self.count = count
    self.featureCount = featureCount
    self.copyFeatures = copyFeatures
  }

  /// The sample of `rows` in memory.
  package init(name: String, rows: [[Float]], featureCount: Int) {
    precondition(rows.allSatisfy { $0.count == featureCount })
    self.init(name: name, count: rows.count, featureCount: featureCount) { range, out in
      for (place, row) in rows[range].enumerated() {
        for (feature, value) in row.enumerated() { out[place * featureCount + feature] = value }
      }
    }
  }

  /// Visits a range of events in chunks, in order: the first event's place, and their features.
  func forEachChunk(
    of range: Range<Int>? = nil, size: Int = 256,
    _ body: (_ first: Int, _ rows: UnsafeBufferPointer<Float>) throws -> Void
  ) rethrows {
    let range = range ?? 0..<count
    let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: size * featureCount)
    defer { buffer.deallocate() }
    guard let base = buffer.baseAddress else { return }
    for first in stride(from: range.lowerBound, to: range.upperBound, by: size) {
      let end = min(first + size, range.upperBound)
      copyFeatures(first..<end, base)
      try body(
        first, UnsafeBufferPointer(start: base, count: (end - first) * featureCount))
    }
  }

  /// The raw features of one event.
  func features(of event: Int) -> [Float] {
    [Float](unsafeUninitializedCapacity: featureCount) { buffer, count in
      if let base = buffer.baseAddress { copyFeatures(event..<event + 1, base) }
      count = featureCount
    }
  }
}

extension Standardiser {
  /// Standardises one event in float64 as the network does in float32:
  /// `z = clip((t(x) - mean) / scale)`. False where a feature is NaN or infinite.
  func standardise(
    _ raw: UnsafeBufferPointer<Float>.SubSequence, into z: inout [Double]
  ) -> Bool {
    for (feature, value) in raw.enumerated() {
      guard value.isFinite else { return false }
      let x = Double(value)
      let t = isLogarithmic[feature] ? portableLog1p(max(x, 0)) : x
      let scaled = (t - Double(mean[feature])) / Double(scale[feature])
      z[feature] = clip.map { min(max(scaled, -Double($0)), Double($0)) } ?? scaled
    }
    return true
  }
}
