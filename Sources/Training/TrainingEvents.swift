/// The background events of a training: raw features, float32, row after row.
package struct TrainingEvents {
  /// N, the number of events.
  package let eventCount: Int
  /// D, the number of features of an event.
  package let featureCount: Int
  /// One name a feature, or nil.
  package let featureNames: [String]?
  /// The SHA-256 of the events' file or files in hexadecimal digits, for the training record.
  package let sha256: String?

  let copyFeatures: (Range<Int>, UnsafeMutablePointer<Float>) throws -> Void

  /// Events that `copyFeatures` delivers: it writes the D raw features of each event in a range
  /// of 0 ..< `eventCount`. It is called once for each event, ranges ascending.
  package init(
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
  package init(
    features: [Float], featureCount: Int, featureNames: [String]? = nil, sha256: String? = nil
  ) {
    precondition(featureCount > 0 && features.count.isMultiple(of: featureCount))
    self.init(
      eventCount: features.count / featureCount, featureCount: featureCount,
      featureNames: featureNames, sha256: sha256
    ) { events, target in
      features.withUnsafeBufferPointer { features in
        let rows = features[events.lowerBound * featureCount..<events.upperBound * featureCount]
        _ = UnsafeMutableBufferPointer(start: target, count: rows.count).update(from: rows)
      }
    }
  }
}
