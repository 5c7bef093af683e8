internal import DurableFiles
internal import StrictJSON

extension QuietReference {
  var json: JSONObject {
    [
      "scores": .array(entries.map { .real($0.score) }),
      "ranks": .array(entries.map { .integer($0.rank) }),
      "attribution_means": .array(attributionMeans.map(JSONValue.real)),
    ]
  }

  /// Reads what a calibration of `eventCount` scores knows of quiet events.
  init(_ place: JSONPlace, eventCount: Int) throws(FileFault) {
    let scoresPlace = try place.member("scores")
    let scores = try scoresPlace.map { (score) throws(FileFault) -> Float in try score.real() }
    let ranksPlace = try place.member("ranks")
    let ranks = try ranksPlace.map { (rank) throws(FileFault) -> Int in
      try rank.integer(in: 1...eventCount)
    }
    guard scores.count == ranks.count else {
      throw ranksPlace.fault(
        found: "\(ranks.count) ranks", expected: "\(scores.count), one a score")
    }
    guard zip(scores, scores.dropFirst()).allSatisfy({ $0 < $1 }) else {
      throw scoresPlace.fault(
        found: "a score that is not above the one before", expected: "rising scores")
    }
    guard zip(ranks, ranks.dropFirst()).allSatisfy({ $0 < $1 }) else {
      throw ranksPlace.fault(
        found: "a rank that is not above the one before", expected: "growing ranks")
    }
    let meansPlace = try place.member("attribution_means")
    let means = try meansPlace.map { (mean) throws(FileFault) -> Float in try mean.real() }
    guard !means.isEmpty, means.allSatisfy({ $0 >= 0 }) else {
      throw meansPlace.fault(expected: "one mean a feature, each at least 0")
    }
    self.init(
      rates: BackgroundRates(
        scores: scores.map { 0 - $0 }, ranks: ranks, eventCount: eventCount, tail: nil),
      attributionMeans: means)
  }
}
