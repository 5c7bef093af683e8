internal import DurableFiles
internal import StrictJSON

extension BackgroundRates {
  var json: JSONObject {
    var json = RankedScores(entries.map { ($0.score, $0.rank) }).json
    json["tail"] = .optional(tail) { .object($0.json) }
    return json
  }

  /// Reads the table of a calibration of `eventCount` scores.
  init(_ place: JSONPlace, eventCount: Int) throws(FileFault) {
    let table = try RankedScores(place, order: .falling, eventCount: eventCount)
    let tail = try place.member("tail").unlessNull { (tail) throws(FileFault) in
      try ParetoTail(ofRates: tail, eventCount: eventCount)
    }
    self.init(
      scores: table.scores, ranks: table.ranks, eventCount: eventCount, tail: tail)
  }
}

extension ParetoTail {
  /// A tail that has no end, so that every score has a rate.
  fileprivate init(ofRates place: JSONPlace, eventCount: Int) throws(FileFault) {
    try self.init(place)
    if !(shape >= 0 && shape < 1) {
      throw try place.member("shape").fault(expected: "a shape from 0 to below 1")
    }
    if !(scale > 0) { throw try place.member("scale").fault(expected: "a scale above 0") }
    if !(baseRate > 0) { throw try place.member("base_rate").fault(expected: "a rate above 0") }
    if excessCount > eventCount {
      throw try place.member("excesses").fault(expected: "at most \(eventCount), all scores")
    }
  }
}
