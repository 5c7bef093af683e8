internal import DurableFiles
internal import StrictJSON

extension ConditionBins {
  /// `names` are those of the working points, in their order.
  func json(names: [String]) -> JSONObject {
    [
      "edges": .array(edges.map(JSONValue.real)),
      "events": .array(eventCounts.map(JSONValue.integer)),
      "events_without": .integer(unknownCount),
      "working_points": .array(
        names.enumerated().map { index, name in
          .object([
            "name": .string(name), "bins": .array(thresholds[index].map { .object($0.json) }),
            "without": .optional(unknown) { .object($0[index].json) },
          ])
        }),
    ]
  }

  /// Reads the bins of a calibration with these working points.
  init(_ place: JSONPlace, names: [String]) throws(FileFault) {
    let edgesPlace = try place.member("edges")
    let edges = try edgesPlace.map { (edge) throws(FileFault) -> Float in try edge.real() }
    guard (1..<Self.countMax).contains(edges.count),
      zip(edges, edges.dropFirst()).allSatisfy({ $0 < $1 })
    else {
      throw edgesPlace.fault(
        found: "\(edges.count) edges",
        expected: "1 to \(Self.countMax - 1) edges, each above the one before")
    }
    let countsPlace = try place.member("events")
    let counts = try countsPlace.map { (count) throws(FileFault) -> Int in
      try count.eventCount(from: 1)
    }
    guard counts.count == edges.count + 1 else {
      throw countsPlace.fault(found: "\(counts.count) counts", expected: "\(edges.count + 1)")
    }
    let unknownCount = try place.member("events_without").eventCount()
    let pointsPlace = try place.member("working_points")
    let points = try pointsPlace.elements()
    guard points.count == names.count else {
      throw pointsPlace.fault(
        found: "\(points.count) working points", expected: "\(names.count), as the calibration has")
    }
    var thresholds: [[Threshold]] = []
    var unknown: [Threshold] = []
    for (point, name) in zip(points, names) {
      try point.expect("name", name)
      let bins = try point.member("bins")
      let found = try bins.elements()
      guard found.count == counts.count else {
        throw bins.fault(found: "\(found.count) bins", expected: "\(counts.count)")
      }
      var row: [Threshold] = []
      for (bin, count) in zip(found, counts) {
        row.append(try Threshold(bin, eventCount: count))
      }
      thresholds.append(row)
      let without = try point.member("without").unlessNull { (without) throws(FileFault) in
        try Threshold(without, eventCount: unknownCount)
      }
      if let without { unknown.append(without) }
    }
    guard unknown.isEmpty || unknown.count == names.count else {
      throw pointsPlace.fault(
        found: "\(unknown.count) working points with a threshold for events without a condition",
        expected: "all or none")
    }
    self.init(
      edges: edges, eventCounts: counts, unknownCount: unknownCount, thresholds: thresholds,
      unknown: unknown.isEmpty ? nil : unknown)
  }
}

extension ConditionBins.Threshold {
  fileprivate var json: JSONObject {
    [
      "threshold": .real(threshold), "rank": .integer(rank),
      "fpr_interval": .interval(fprInterval),
    ]
  }

  fileprivate init(_ place: JSONPlace, eventCount: Int) throws(FileFault) {
    let rank = try place.member("rank")
    guard eventCount >= 1 else { throw rank.fault(expected: "no rank, as there are no events") }
    self.init(
      threshold: try place.member("threshold").real(),
      rank: try rank.integer(in: 1...eventCount),
      fprInterval: try place.member("fpr_interval").rateInterval())
  }
}
