internal import DurableFiles
internal import StrictJSON

extension BackgroundRates {
  var json: JSONObject {
    [
      "scores": .array(entries.map { .real($0.score) }),
      "ranks": .array(entries.map { .integer($0.rank) }),
      "tail": .optional(tail) { .object($0.json) },
    ]
  }

  /// Reads the table of a calibration of `eventCount` scores.
  init(_ place: JSONPlace, eventCount: Int) throws(FileFault) {
    let scores = try place.member("scores").map { (score) throws(FileFault) -> Float in
      try score.real()
    }
    let member = try place.member("ranks")
    let ranks = try member.map { (rank) throws(FileFault) -> Int in
      try rank.integer(in: 1...eventCount)
    }
    guard scores.count == ranks.count else {
      throw member.fault(
        found: "\(ranks.count) ranks", expected: "\(scores.count), one a score")
    }
    guard zip(scores, scores.dropFirst()).allSatisfy({ $0 > $1 }) else {
      throw try place.member("scores").fault(
        found: "a score that is not below the one before", expected: "falling scores")
    }
    guard zip(ranks, ranks.dropFirst()).allSatisfy({ $0 < $1 }) else {
      throw member.fault(
        found: "a rank that is not above the one before", expected: "growing ranks")
    }
    let tail = try place.member("tail").unlessNull { (tail) throws(FileFault) in
      try ParetoTail(ofRates: tail, eventCount: eventCount)
    }
    self.init(scores: scores, ranks: ranks, eventCount: eventCount, tail: tail)
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
