internal import DurableFiles
internal import StrictJSON

/// A table of background scores with their ranks, as a calibration's file has it.
struct RankedScores {
  var scores: [Float]
  var ranks: [Int]

  /// The order of the scores in the file; ranks always grow.
  enum Order {
    case falling, rising
  }

  init(_ entries: [(score: Float, rank: Int)]) {
    scores = entries.map(\.score)
    ranks = entries.map(\.rank)
  }

  /// Reads the members `scores` and `ranks`, one rank for each score.
  init(_ place: JSONPlace, order: Order, eventCount: Int) throws(FileFault) {
    let scoresPlace = try place.member("scores")
    scores = try scoresPlace.map { (score) throws(FileFault) -> Float in try score.real() }
    let ranksPlace = try place.member("ranks")
    ranks = try ranksPlace.map { (rank) throws(FileFault) -> Int in
      try rank.integer(in: 1...eventCount)
    }
    guard scores.count == ranks.count else {
      throw ranksPlace.fault(
        found: "\(ranks.count) ranks", expected: "\(scores.count), one a score")
    }
    let isOrdered = zip(scores, scores.dropFirst()).allSatisfy {
      order == .rising ? $0 < $1 : $0 > $1
    }
    guard isOrdered else {
      throw scoresPlace.fault(
        found: "a score that is not \(order == .rising ? "above" : "below") the one before",
        expected: "\(order) scores")
    }
    guard zip(ranks, ranks.dropFirst()).allSatisfy({ $0 < $1 }) else {
      throw ranksPlace.fault(
        found: "a rank that is not above the one before", expected: "growing ranks")
    }
  }

  var json: JSONObject {
    [
      "scores": .array(scores.map(JSONValue.real)),
      "ranks": .array(ranks.map { .integer($0) }),
    ]
  }
}
