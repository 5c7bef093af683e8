/// Why thresholds cannot be set. The description is a sentence without a full stop.
package enum CalibrationError: Error, Equatable, Sendable, CustomStringConvertible {
  /// An argument cannot be read or does not fit the others.
  case argument(found: String, expected: String)
  /// Too few scorable background events for a rate.
  case tooFewEvents(
    workingPoint: String, rate: FalsePositiveRate, guarantee: RateGuarantee, found: Int,
    needed: Int)
  /// The threshold would be infinite, because `infiniteCount` background scores are.
  case infiniteThreshold(workingPoint: String, infiniteCount: Int, eventCount: Int)
  /// Too few scorable background events for a rate on the low side, which has no extrapolation.
  case tooFewForQuiet(workingPoint: String, rate: FalsePositiveRate, found: Int, needed: Int)
  /// No score could be below the threshold of a point of the low side, or it would be infinite.
  case emptyQuietPoint(workingPoint: String, threshold: Float, eventCount: Int)
  /// The tail cannot be extrapolated to a rate.
  case noExtrapolation(workingPoint: String, rate: FalsePositiveRate, reason: String)

  /// What was found, what was expected, what to do.
  package var description: String {
    switch self {
    case .argument(let found, let expected):
      "found \(found), expected \(expected)"
    case .tooFewEvents(let name, let rate, let guarantee, let found, let needed):
      "working point \(name): a false-positive rate of \(rate)\(guarantee.phrase) needs at least "
        + "\(needed) scorable background events, found \(found); take more background, a higher "
        + "rate, or fit the tail with --allow-extrapolation"
    case .infiniteThreshold(let name, let infiniteCount, let eventCount):
      "working point \(name): at least \(infiniteCount) of \(eventCount) background scores are "
        + "infinite, so the threshold would be too and nothing could pass it; look for background "
        + "features far outside the training data"
    case .tooFewForQuiet(let name, let rate, let found, let needed):
      "quiet working point \(name): a false-positive rate of \(rate) needs at least \(needed) "
        + "scorable background events, found \(found); take more background or a higher rate: on "
        + "the low side there is no extrapolation"
    case .emptyQuietPoint(let name, let threshold, let eventCount):
      "quiet working point \(name): the threshold from \(eventCount) background scores would be "
        + "\(threshold), and it must be finite and above 0 so that scores can be below it; look for "
        + "background events whose features are all constant, or leave the point out"
    case .noExtrapolation(let name, let rate, let reason):
      "working point \(name): the tail cannot be extrapolated to a false-positive rate of "
        + "\(rate): \(reason)"
    }
  }
}

extension RateGuarantee {
  fileprivate var phrase: String {
    switch self {
    case .expected, .noPromise: ""
    case .withConfidence: ", kept with confidence,"
    }
  }
}
