internal import DurableFiles
internal import StrictJSON

/// The reference that drift is measured against: the background of a calibration.
package struct DriftReference: Equatable, Sendable {
  /// The histogram of the scores; nil where the file has none.
  package var scoreHistogram: ScoreHistogram?
  /// The moments of the features; nil where the file has none.
  package var features: FeatureSummary?
  /// The condition of the events; nil where none was known and where the file has none.
  package var condition: ConditionSummary?
  /// Keys of the file that this version does not know.
  var otherKeys = JSONObject()

  /// Creates a reference.
  package init(
    scoreHistogram: ScoreHistogram? = nil, features: FeatureSummary? = nil,
    condition: ConditionSummary? = nil
  ) {
    self.scoreHistogram = scoreHistogram
    self.features = features
    self.condition = condition
  }
}

extension DriftReference {
  /// Histogram and features must be there. An empty object means that there is nothing to compare
  /// with.
  init(_ place: JSONPlace) throws(FileFault) {
    let histogram = try place.member("score_histogram")
    let features = try place.member("features")
    self.init(
      scoreHistogram: try histogram.object() == [:] ? nil : ScoreHistogram(histogram),
      features: try features.object() == [:] ? nil : FeatureSummary(features),
      condition: try place.optionalMember("condition")?.unlessNull(ConditionSummary.init))
    otherKeys = try place.otherKeys(than: json)
  }
}

extension ScoreHistogram {
  init(_ place: JSONPlace) throws(FileFault) {
    self.init()
    try place.member("bins_per_octave").expect(Self.binsPerOctave)
    try place.member("lowest_exponent").expect(Self.lowestExponent)
    try place.member("octaves").expect(Self.octaveCount)
    let first = try place.member("first_bin").integer(in: 0...Self.binCount)
    let bins = try place.member("counts").elements()
    guard first + bins.count <= Self.binCount else {
      throw try place.member("counts").fault(
        found: "\(bins.count) bins from bin \(first) on",
        expected: "at most \(Self.binCount) bins in all")
    }
    for (bin, count) in bins.enumerated() {
      counts[first + bin] = try count.eventCount()
    }
    underflow = try place.member("underflow").eventCount()
    overflow = try place.member("overflow").eventCount()
    notScorable = try place.member("not_scorable").eventCount()
    otherKeys = try place.otherKeys(than: json)
  }
}

extension FeatureSummary {
  fileprivate init(_ place: JSONPlace) throws(FileFault) {
    let names = try place.member("names").elements()
    func column(_ name: String) throws(FileFault) -> [JSONPlace] {
      let column = try place.member(name)
      let values = try column.elements()
      guard values.count == names.count else {
        throw column.fault(
          found: "\(values.count) values", expected: "\(names.count), one a feature")
      }
      return values
    }
    let mean = try column("mean")
    let deviation = try column("standard_deviation")
    // Not in files of tamis 0.1.0 from before it was measured.
    let kurtosis = try place.optionalMember("kurtosis") == nil ? nil : column("kurtosis")
    let minimum = try column("minimum")
    let maximum = try column("maximum")
    let nonFinite = try column("non_finite")
    let events = try place.member("events").eventCount()
    var features: [Feature] = []
    for index in names.indices {
      features.append(
        Feature(
          name: try names[index].unlessNull { (name) throws(FileFault) in try name.string() },
          mean: try mean[index].optionalReal(in: JSONPlace.means),
          standardDeviation: try deviation[index].optionalReal(in: JSONPlace.spreads),
          kurtosis: try kurtosis?[index].optionalReal(in: JSONPlace.kurtoses),
          range: try JSONPlace.range(from: minimum[index], to: maximum[index]),
          nonFiniteCount: try nonFinite[index].integer(in: 0...events)))
    }
    self.init(eventCount: events, features: features)
    otherKeys = try place.otherKeys(than: json)
  }
}

extension JSONPlace {
  fileprivate func expect(_ integer: Int) throws(FileFault) {
    if value != .integer(integer) {
      throw fault(expected: "\(integer), as in every file of this format")
    }
  }

  /// A number of events, small enough for exact sums.
  func eventCount(from least: Int = 0) throws(FileFault) -> Int {
    try integer(in: least...TriggerCalibration.eventCountMax)
  }

  fileprivate func optionalReal(
    in range: ClosedRange<Double>
  ) throws(FileFault) -> Double? {
    try unlessNull { (place) throws(FileFault) in try place.real(in: range) }
  }

  /// A mean of numbers of float32.
  func mean() throws(FileFault) -> Double { try real(in: Self.means) }

  /// A standard deviation of numbers of float32.
  func spread() throws(FileFault) -> Double { try real(in: Self.spreads) }

  private static let largest = Double(Float.greatestFiniteMagnitude)
  fileprivate static let means = -largest...largest
  fileprivate static let spreads = 0...largest
  /// A kurtosis is at most the number of values.
  fileprivate static let kurtoses = 0...Double(TriggerCalibration.eventCountMax)

  static func range(
    from minimum: JSONPlace, to maximum: JSONPlace
  ) throws(FileFault) -> ClosedRange<Float>? {
    if minimum.value == .null && maximum.value == .null { return nil }
    let lower: Float = try minimum.real()
    let upper: Float = try maximum.real()
    guard lower <= upper else { throw maximum.fault(expected: "at least the minimum, \(lower)") }
    return lower...upper
  }
}
