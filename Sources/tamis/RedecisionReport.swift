internal import Analysis
internal import Calibration
internal import NumberText
internal import Offline
internal import StrictJSON

/// Redecided counts as a table and as JSON.
struct RedecisionReport {
  let tally: Redecision
  let confidence: Double
  /// Of the new working points in their calibration.
  let prescales: [UInt32]
  /// Whether it is known how many events the new prescales keep.
  let knowsKept: Bool

  /// The runs that the text has; JSON has all.
  static let runsShown = 20

  /// One object a working point, and one for all together, named null.
  func points(of counts: Redecision.Counts) -> [JSONValue] {
    zip(tally.pairs, counts.points).map { pair, point in
      .object(
        object(
          .string(pair.name), point, counts, old: pair.old.map(tally.weights(ofOld:)),
          hasNew: pair.new != nil, prescale: pair.new.map { prescales[$0] }))
    } + [
      .object(
        object(
          .null, counts.anyPoint, counts, old: tally.weightsOfFired, hasNew: true, prescale: nil))
    ]
  }

  private func object(
    _ name: JSONValue, _ point: Redecision.Point, _ counts: Redecision.Counts,
    old: Set<UInt32>?, hasNew: Bool, prescale: UInt32?
  ) -> JSONObject {
    var object: JSONObject = [
      "name": name,
      "old_rate": old != nil ? rate(point.both.sampled + point.onlyOld.sampled, counts) : .null,
      "new_rate": hasNew ? rate(point.both.sampled + point.onlyNew.sampled, counts) : .null,
      "both": cells(point.both, weights: hasNew ? old ?? [] : []),
      "only_old": cells(point.onlyOld, weights: old ?? []),
      "only_new": cells(point.onlyNew, weights: hasNew ? tally.weights(ofOld: nil) : []),
    ]
    if let prescale {
      object["prescale"] = .integer(prescale)
      object["kept"] = knowsKept ? .real(point.kept) : .null
    }
    return object
  }

  private func rate(_ fired: Int, _ counts: Redecision.Counts) -> JSONValue {
    guard counts.sampled > 0 else { return .null }
    return .object([
      "rate": .real(Double(fired) / Double(counts.sampled)), "fired": .integer(fired),
      "interval": .interval(
        clopperPearson(successes: fired, trials: counts.sampled, confidence: confidence)),
    ])
  }

  private func cells(_ cells: Redecision.Cells, weights: Set<UInt32>) -> JSONValue {
    let ends = cells.interval(confidence: confidence, weights: weights)
    return .object([
      "records": .integer(cells.recordCount), "sampled": .integer(cells.sampled),
      "events": .real(cells.estimate),
      "interval": .array([
        .real(ends.lowerBound), ends.upperBound.isFinite ? .real(ends.upperBound) : .null,
      ]),
    ])
  }

  /// Rates in the sample, and events of the stream with their intervals.
  func table(of counts: Redecision.Counts) -> String {
    var rows = [["working point", "old rate", "new rate", "both", "only old", "only new"]]
    for (pair, point) in zip(tally.pairs, counts.points) {
      rows.append(
        row(
          pair.name, point, counts, old: pair.old.map(tally.weights(ofOld:)),
          hasNew: pair.new != nil))
    }
    rows.append(row("any", counts.anyPoint, counts, old: tally.weightsOfFired, hasNew: true))
    return alignedColumns(rows)
  }

  private func row(
    _ name: String, _ point: Redecision.Point, _ counts: Redecision.Counts,
    old: Set<UInt32>?, hasNew: Bool
  ) -> [String] {
    [
      name,
      old != nil ? rateText(point.both.sampled + point.onlyOld.sampled, counts) : "no such point",
      hasNew ? rateText(point.both.sampled + point.onlyNew.sampled, counts) : "no such point",
      text(point.both, weights: hasNew ? old ?? [] : []), text(point.onlyOld, weights: old ?? []),
      text(point.onlyNew, weights: hasNew ? tally.weights(ofOld: nil) : []),
    ]
  }

  private func rateText(_ fired: Int, _ counts: Redecision.Counts) -> String {
    guard counts.sampled > 0 else { return "not known" }
    let ends = clopperPearson(successes: fired, trials: counts.sampled, confidence: confidence)
    return "\(short(Double(fired) / Double(counts.sampled))) [\(short(ends.lowerBound)), "
      + "\(short(ends.upperBound))]"
  }

  private func text(_ cells: Redecision.Cells, weights: Set<UInt32>) -> String {
    let ends = cells.interval(confidence: confidence, weights: weights)
    let count = whole(cells.estimate)
    if ends.upperBound.isInfinite { return "\(count) [\(whole(ends.lowerBound)) or more]" }
    if ends.lowerBound == ends.upperBound { return count }
    return "\(count) [\(whole(ends.lowerBound)), \(whole(ends.upperBound))]"
  }

  /// All digits of a number of events, as far as a Double has them.
  private func whole(_ count: Double) -> String {
    count < 0x1p53 ? "\(Int(count))" : short(count)
  }
}
