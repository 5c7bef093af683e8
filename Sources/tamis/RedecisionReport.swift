internal import Calibration
internal import NumberText
internal import StrictJSON
internal import TriggerPipeline

/// Redecided counts as a table and as JSON.
struct RedecisionReport {
  let tally: Redecision
  let confidence: Double
  /// Of the new working points.
  let prescales: [UInt32]

  /// The runs that the text has; JSON has all.
  static let runsShown = 20

  /// One object a working point, and one for all together, named null.
  func points(of counts: Redecision.Counts) -> [JSONValue] {
    zip(tally.pairs, counts.points).map { pair, point in
      .object(
        object(
          .string(pair.name), point, counts, hasOld: pair.old != nil, hasNew: pair.new != nil,
          prescale: pair.new.map { prescales[$0] }))
    } + [
      .object(
        object(.null, counts.anyPoint, counts, hasOld: true, hasNew: true, prescale: nil))
    ]
  }

  private func object(
    _ name: JSONValue, _ point: Redecision.Point, _ counts: Redecision.Counts, hasOld: Bool,
    hasNew: Bool, prescale: UInt32?
  ) -> JSONObject {
    var object: JSONObject = [
      "name": name,
      "old_rate": hasOld ? rate(point.both.sampled + point.onlyOld.sampled, counts) : .null,
      "new_rate": hasNew ? rate(point.both.sampled + point.onlyNew.sampled, counts) : .null,
      "both": cells(point.both), "only_old": cells(point.onlyOld),
      "only_new": cells(point.onlyNew, prescale: tally.samplePrescale),
    ]
    if let prescale {
      object["prescale"] = .integer(prescale)
      object["kept"] = .real((point.both.estimate + point.onlyNew.estimate) / Double(prescale))
    }
    return object
  }

  private func rate(_ fired: Int, _ counts: Redecision.Counts) -> JSONValue {
    guard counts.sampled > 0 else { return .null }
    return .object([
      "rate": .real(Double(fired) / Double(counts.sampled)), "fired": .integer(fired),
      "interval": interval(
        clopperPearson(successes: fired, trials: counts.sampled, confidence: confidence)),
    ])
  }

  private func cells(_ cells: Redecision.Cells, prescale: UInt32 = 1) -> JSONValue {
    .object([
      "records": .integer(cells.recordCount), "sampled": .integer(cells.sampled),
      "events": .real(cells.estimate),
      "interval": interval(cells.interval(confidence: confidence, prescale: prescale)),
    ])
  }

  /// Rates in the sample, and events of the stream with their intervals.
  func table(of counts: Redecision.Counts) -> String {
    var rows = [["working point", "old rate", "new rate", "both", "only old", "only new"]]
    for (pair, point) in zip(tally.pairs, counts.points) {
      rows.append(
        row(pair.name, point, counts, hasOld: pair.old != nil, hasNew: pair.new != nil))
    }
    rows.append(row("any", counts.anyPoint, counts, hasOld: true, hasNew: true))
    return alignedColumns(rows)
  }

  private func row(
    _ name: String, _ point: Redecision.Point, _ counts: Redecision.Counts, hasOld: Bool,
    hasNew: Bool
  ) -> [String] {
    [
      name,
      hasOld ? rateText(point.both.sampled + point.onlyOld.sampled, counts) : "no such point",
      hasNew ? rateText(point.both.sampled + point.onlyNew.sampled, counts) : "no such point",
      text(point.both), text(point.onlyOld),
      text(point.onlyNew, prescale: tally.samplePrescale),
    ]
  }

  private func rateText(_ fired: Int, _ counts: Redecision.Counts) -> String {
    guard counts.sampled > 0 else { return "not known" }
    let ends = clopperPearson(successes: fired, trials: counts.sampled, confidence: confidence)
    return "\(short(Double(fired) / Double(counts.sampled))) [\(short(ends.lowerBound)), "
      + "\(short(ends.upperBound))]"
  }

  private func text(_ cells: Redecision.Cells, prescale: UInt32 = 1) -> String {
    let ends = cells.interval(confidence: confidence, prescale: prescale)
    let count = short(cells.estimate)
    if ends.lowerBound == ends.upperBound { return count }
    return "\(count) [\(short(ends.lowerBound)), \(short(ends.upperBound))]"
  }
}
