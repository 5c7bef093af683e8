/// The raw features of a sample, feature by feature. Of a large sample only every k-th event is
/// taken.
struct FeatureColumns: Sendable {
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
