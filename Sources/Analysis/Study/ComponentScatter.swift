/// Some events of each sample in the plane of background's first two principal components.
struct ComponentScatter: Sendable {
  /// Events of one sample.
  struct Cloud: Equatable, Sendable {
    /// The sample's name.
    let name: String
    /// First component, then second, in standardised units; evenly spaced events of the sample.
    let points: [SIMD2<Double>]
  }

  /// The share of background's variance along the first and the second component.
  let explained: SIMD2<Double>
  /// Background first, then the signals.
  let clouds: [Cloud]

  static let backgroundMax = 500
  static let signalMax = 200

  /// Nil where background has only one component.
  init?(_ shape: BackgroundShape, background: EventRows, signals: [EventRows], judged: Range<Int>) {
    guard shape.variances.count > 1 else { return nil }
    explained = SIMD2(shape.explainedShares[0], shape.explainedShares[1])
    clouds =
      [Self.cloud(background, events: judged, of: shape, max: Self.backgroundMax)]
      + signals.map { Self.cloud($0, events: 0..<$0.count, of: shape, max: Self.signalMax) }
  }

  private static func cloud(
    _ rows: EventRows, events: Range<Int>, of shape: BackgroundShape, max pointMax: Int
  ) -> Cloud {
    let step = Swift.max(1, (events.count + pointMax - 1) / pointMax)
    var z = [Double](repeating: 0, count: rows.featureCount)
    var projections = z
    var points: [SIMD2<Double>] = []
    for event in stride(from: events.lowerBound, to: events.upperBound, by: step) {
      let raw = rows.features(of: event)
      let isWhole = raw.withUnsafeBufferPointer {
        shape.standardiser.standardise($0[...], into: &z)
      }
      guard isWhole else { continue }
      shape.projections(of: z, into: &projections)
      points.append(SIMD2(projections[0], projections[1]))
    }
    return Cloud(name: rows.name, points: points)
  }
}
