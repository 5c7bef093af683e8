internal import DurableFiles
internal import StrictJSON

/// The reference for quiet events, in a calibration with working points of the low side: how rare low
/// scores are, and what features contribute to the score of background.
package struct QuietReference: Equatable, Sendable {
  /// The lowest background scores by rank. They are stored with the opposite sign, so that the
  /// largest is the quietest; there is no tail.
  let rates: BackgroundRates
  /// The mean attribution of each feature over the background events with a finite score.
  package let attributionMeans: [Float]

  init(rates: BackgroundRates, attributionMeans: [Float]) {
    self.rates = rates
    self.attributionMeans = attributionMeans
  }

  /// The lowest background scores that are in the table, rising: fewer than `rank` background
  /// scores are below `score`.
  package var entries: [(score: Float, rank: Int)] {
    rates.entries.map { (0 - $0.score, $0.rank) }
  }

  /// The background rate that the flagged record of a quiet event carries: the share of background
  /// events with a score at most as high, (k + 1) / (N + 1) where k of N background scores are.
  /// Between two entries it is that of the higher score. 0 for NaN. O(log entries), allocates
  /// nothing.
  package func field(of score: Float) -> Float { rates.field(of: 0 - score) }

  /// The rate of scores at most as high with its interval at `confidence`; nil for NaN.
  package func estimate(of score: Float, confidence: Double) -> BackgroundRateEstimate? {
    rates.estimate(of: 0 - score, confidence: confidence)
  }

  /// The sum of the mean attributions in the order in which attributions add up to a score.
  package var meanScore: Float {
    var lanes = [Float](repeating: 0, count: 16)
    for (index, mean) in attributionMeans.enumerated() { lanes[index % 16] += mean }
    for half in [8, 4, 2, 1] {
      for lane in 0..<half { lanes[lane] += lanes[lane + half] }
    }
    return lanes[0]
  }
}

extension QuietReference {
  var json: JSONObject {
    var json = RankedScores(entries).json
    json["attribution_means"] = .array(attributionMeans.map(JSONValue.real))
    return json
  }

  /// Reads what a calibration of `eventCount` scores knows of quiet events.
  init(_ place: JSONPlace, eventCount: Int) throws(FileFault) {
    let table = try RankedScores(place, order: .rising, eventCount: eventCount)
    let meansPlace = try place.member("attribution_means")
    let means = try meansPlace.map { (mean) throws(FileFault) -> Float in try mean.real() }
    guard !means.isEmpty, means.allSatisfy({ $0 >= 0 }) else {
      throw meansPlace.fault(expected: "one mean a feature, each at least 0")
    }
    self.init(
      rates: BackgroundRates(
        scores: table.scores.map { 0 - $0 }, ranks: table.ranks, eventCount: eventCount, tail: nil),
      attributionMeans: means)
  }
}
