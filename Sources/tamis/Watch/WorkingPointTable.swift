internal import Calibration
internal import StrictJSON

/// The working points in force, a row each. Numbers are never cut: where a name leaves them no
/// room, it is shortened, or stands on a line of its own.
struct WorkingPointTable {
  private typealias N = WatchNumbers

  private struct Row {
    let name: String
    let target: String
    let realised: String
    let flagged: String
    let isOff: Bool
    /// What stands behind the numbers; empty where nothing has to be said.
    var mark: String { isAlarming ? "alarm" : isOff ? "off" : "" }
    /// Over the target: the realised rate and its interval; nil without events or target.
    let ratio: Double?
    let interval: ClosedRange<Double>?

    /// Whether the alarm of the rate is on for it. The interval is of all events since the generation began,
    /// beside which the time that raised an alarm may be short.
    let isAlarming: Bool

    /// - Parameter rateCheck: The drift check of the rates; null where there is none.
    init(_ point: JSONValue, rateCheck: JSONValue) {
      let realised = point["realised"]
      let (rate, lower, upper) = (
        realised["rate"].number, realised["lower"].number, realised["upper"].number
      )
      let hasEvents = (realised["scored"].number ?? 0) > 0
      let control = point["rate_control"]
      // Rate control holds another rate than the calibration's, whose interval then says nothing.
      let isHeldElsewhere = control.isThere && control["target_fpr"] != point["target_fpr"]
      let target = control["target_fpr"].number ?? point["target_fpr"].number ?? 0
      // The threshold's own rate is somewhere in the calibration's interval.
      let calibrated = point["calibrated_fpr_interval"].list.compactMap(\.number)
      // The check names the point that deviates most.
      let subject = "\(point["name"].string ?? ""): "
      isAlarming =
        point["rate_test"]["raised"].isThere
        || rateCheck["alarm"].isTrue && (rateCheck["finding"].string ?? "").hasPrefix(subject)
      isOff =
        hasEvents && !isHeldElsewhere
        && (calibrated.last ?? target < lower ?? 0 || calibrated.first ?? target > upper ?? 1)
      name =
        (point["name"].string ?? "") + (point["side"].string == ScoreSide.low.rawValue ? " <" : "")
      self.target = N.short(target)
      self.realised =
        hasEvents ? "\(N.short(rate)) (\(N.short(lower)) to \(N.short(upper)))" : "no events yet"
      flagged = N.whole(point["flagged"])
      let hasRatio = hasEvents && target > 0
      ratio = hasRatio ? rate.map { $0 / target } : nil
      interval =
        hasRatio
        ? lower.flatMap { low in upper.map { low / target...max(low, $0) / target } } : nil
    }
  }

  private let rows: [Row]
  private let head: [String]
  private let width: Int
  /// The least width of names, so that short ones stand apart from the numbers.
  private static let nameWidthMin = 15
  /// A shorter piece of a name does not tell which it is.
  private static let shortNameWidthMin = 8
  private static let axisWidthMin = 10
  private static let comfortable = [9, 31, 11]

  init(_ points: [JSONValue], rateCheck: JSONValue, width: Int) {
    rows = points.map { Row($0, rateCheck: rateCheck) }
    let confidence = N.percent(points.first?["realised"]["confidence"].number)
    head = ["target", "realised (\(confidence))", "flagged"]
    self.width = width
  }

  /// The table, or what takes its place where names leave the numbers no room; with `isShort` names
  /// are shortened before.
  func lines(isShort: Bool) -> [StyledLine] {
    let natural = head.indices.map { column in
      rows.map { numbers(of: $0)[column].count }.reduce(head[column].count, max)
    }
    let longest = rows.map(\.name.count).reduce(Self.nameWidthMin, max)
    for widths in [zip(natural, Self.comfortable).map(max), natural] {
      let room = width - taken(by: widths)
      if longest <= room { return table(names: rows.map(\.name), longest, widths) }
    }
    let room = width - taken(by: natural)
    let names = rows.map { $0.name.elided(to: room) }
    if isShort, room >= Self.shortNameWidthMin, Set(names).count == Set(rows.map(\.name)).count {
      return table(names: names, room, natural)
    }
    return rows.flatMap(stacked)
  }

  private func numbers(of row: Row) -> [String] { [row.target, row.realised, row.flagged] }

  /// The width of numbers, with a space in front of each, and of the mark behind them.
  private func taken(by widths: [Int]) -> Int {
    widths.reduce(0) { $0 + 1 + $1 }
      + rows.map { $0.mark.isEmpty ? 0 : $0.mark.count + 1 }.reduce(0, max)
  }

  private func table(names: [String], _ nameWidth: Int, _ widths: [Int]) -> [StyledLine] {
    let ratios = rows.flatMap { row in
      [row.ratio, row.interval?.lowerBound, row.interval?.upperBound].compactMap { $0 }
    }
    let axisWidth = width - taken(by: widths) - nameWidth - 1
    let axis = axisWidth < Self.axisWidthMin ? nil : RateAxis(ratios, width: axisWidth)
    func cells(_ texts: [String]) -> String {
      zip(texts, widths).map { " " + $0.padded(to: $1) }.joined()
    }
    var first = StyledLine()
    first.add(
      "working point".padded(to: nameWidth) + cells(head)
        + (axis == nil ? "" : " over target, | is 1"), .soft)
    return [first]
      + zip(rows, names).map { row, name in
        var line = StyledLine()
        line.add(name.padded(to: nameWidth), .strong)
        line.add(cells(numbers(of: row)))
        if let axis, row.target != "0" {
          line.add(" " + axis.drawing(ratio: row.ratio, interval: row.interval))
        }
        if !row.mark.isEmpty { line.add(" \(row.mark)", .strong) }
        return line
      }
  }

  private func stacked(_ row: Row) -> [StyledLine] {
    var name = StyledLine()
    name.add(row.name.elided(to: width), .strong)
    let numbers = zip(head, numbers(of: row)).map { "\($0) \($1)" }
    return [name]
      + wrapped("", numbers + (row.mark.isEmpty ? [] : [row.mark]), separator: ", ", width: width)
  }
}
