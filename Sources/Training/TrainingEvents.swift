/// The background events that a network learns from: raw features, float32, row after row.
public struct TrainingEvents {
  /// N, the number of events.
  public let eventCount: Int
  /// D, the number of features of an event.
  public let featureCount: Int
  /// One name a feature, or nil.
  public let featureNames: [String]?
  /// The SHA-256 of the events' file or files in hexadecimal digits, for the training record.
  public let sha256: String?

  let copyFeatures: (Range<Int>, UnsafeMutablePointer<Float>) throws -> Void

  /// Events that `copyFeatures` delivers: it writes the D raw features of each event in a range
  /// of 0 ..< `eventCount`. It is called once for each event, ranges ascending.
  public init(
    eventCount: Int, featureCount: Int, featureNames: [String]? = nil, sha256: String? = nil,
    copyFeatures: @escaping (Range<Int>, UnsafeMutablePointer<Float>) throws -> Void
  ) {
    precondition(eventCount >= 0 && featureCount >= 0)
    precondition(featureNames == nil || featureNames?.count == featureCount)
    self.eventCount = eventCount
    self.featureCount = featureCount
    self.featureNames = featureNames
    self.sha256 = sha256
    self.copyFeatures = copyFeatures
  }

  /// Events in memory: `features.count` is a multiple of `featureCount`.
  public init(
    features: [Float], featureCount: Int, featureNames: [String]? = nil, sha256: String? = nil
  ) {
    precondition(featureCount > 0 && features.count.isMultiple(of: featureCount))
    self.init(
      eventCount: features.count / featureCount, featureCount: featureCount,
      featureNames: featureNames, sha256: sha256
    ) { events, target in
      let elements = events.lowerBound * featureCount..<events.upperBound * featureCount
      for (place, element) in elements.enumerated() { target[place] = features[element] }
    }
  }
}
