internal import DurableFiles
internal import NumberText
internal import StrictJSON

extension JSONPlace {
  /// The working points of a calibration of `eventCount` scores.
  func workingPoints(eventCount: Int) throws(FileFault) -> [WorkingPoint] {
    let places = try elements()
    guard (1...WorkingPoint.countMax).contains(places.count) else {
      throw fault(
        found: counted(places.count, "working point"), expected: "1 to \(WorkingPoint.countMax)")
    }
    var points: [WorkingPoint] = []
    for place in places {
      let point = try WorkingPoint(place, eventCount: eventCount)
      if points.contains(where: { $0.name == point.name }) {
        throw try place.member("name").fault(
          found: "the name \(point.name) again", expected: "each name once")
      }
      points.append(point)
    }
    return points
  }
}

extension WorkingPoint {
  fileprivate init(_ place: JSONPlace, eventCount: Int) throws(FileFault) {
    name = try place.member("name").workingPointName()
    targetFPR = try place.member("target_fpr").falsePositiveRate()
    threshold = try place.member("threshold").real()
    side = try place.optionalMember("side")?.side() ?? .high
    rank = try place.member("rank").unlessNull { (rank) throws(FileFault) in
      try rank.integer(in: 1...eventCount)
    }
    fprInterval = try place.member("fpr_interval").unlessNull { (interval) throws(FileFault) in
      try interval.rateInterval()
    }
    prescale = try place.member("prescale").integer(in: 1...UInt32.max)
    guarantee = try place.optionalMember("guarantee")?.guarantee() ?? .expected
    tail = try place.optionalMember("tail")?.unlessNull(ParetoTail.init)
    let extrapolated = try place.member("extrapolated")
    guard try extrapolated.bool() == (rank == nil) else {
      throw extrapolated.fault(
        expected: rank == nil ? "true, as rank is null" : "false, as there is a rank")
    }
    guard rank == nil || fprInterval != nil else {
      throw try place.member("fpr_interval").fault(
        expected: "an interval: only an extrapolated point can do without")
    }
    guard side == .high || rank != nil && threshold > 0 else {
      throw try place.member("threshold").fault(
        expected: "a threshold above 0 with a rank, for a working point of the low side")
    }
    otherKeys = try place.otherKeys(than: json)
  }
}

extension JSONPlace {
  func workingPointName() throws(FileFault) -> String {
    let name = try string()
    guard WorkingPoint.isName(name) else { throw fault(expected: WorkingPoint.nameRule) }
    return name
  }

  func falsePositiveRate() throws(FileFault) -> FalsePositiveRate {
    guard case .number(let text) = value, let rate = FalsePositiveRate(text) else {
      throw fault(expected: "a number from 1e-15 to below 1 with at most 18 digits")
    }
    return rate
  }

  func rateInterval() throws(FileFault) -> ClosedRange<Double> {
    let ends = try map { (end) throws(FileFault) in try end.real(in: 0...1) }
    guard ends.count == 2, ends[0] <= ends[1] else {
      throw fault(expected: "two rates, the lower one first")
    }
    return ends[0]...ends[1]
  }

  func side() throws(FileFault) -> ScoreSide {
    guard let side = ScoreSide(rawValue: try string()) else {
      throw fault(expected: "\"high\" or \"low\"")
    }
    return side
  }

  func guarantee() throws(FileFault) -> RateGuarantee {
    guard let guarantee = RateGuarantee(rawValue: try string()) else {
      let names = RateGuarantee.allCases.map { "\"\($0.rawValue)\"" }
      throw fault(expected: names.joined(separator: ", "))
    }
    return guarantee
  }
}

extension ParetoTail {
  init(_ place: JSONPlace) throws(FileFault) {
    self.init(
      base: try place.member("base").real(), shape: try place.member("shape").real(),
      scale: try place.member("scale").real(),
      excessCount: try place.member("excesses").eventCount(from: 1),
      baseRate: try place.member("base_rate").real(in: 0...1))
  }
}
