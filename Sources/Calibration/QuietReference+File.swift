internal import DurableFiles
internal import StrictJSON

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
