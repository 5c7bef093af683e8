internal import DurableFiles
internal import TriggerPipeline
internal import Yams

extension SectionReader {
  /// A list of rows `{from: START, points: {NAME: PRESCALE}}` whose starts ascend: whole numbers of
  /// sections or, where the key `axisName` says so, times.
  func prescaleRows(_ name: String, axis axisName: String) -> [PrescaleSchedule.Row]? {
    guard let entry = entry(name) else { return nil }
    guard case .sequence(let sequence) = entry.node else {
      report(
        name, found: NodeShape(entry.node).description, expected: "a list of rows",
        remedy: "write, for example, `- {from: 100, points: {nominal: 10}}`")
      return nil
    }
    guard sequence.count <= PrescaleSchedule.rowCountMax else {
      report(
        name, found: "\(sequence.count) rows", expected: "at most \(PrescaleSchedule.rowCountMax)")
      return nil
    }
    let isByTime = self.entry(axisName)?.node.scalar?.string == PrescaleSchedule.Axis.time.rawValue
    var rows: [PrescaleSchedule.Row] = []
    var lastStart = ""
    for node in sequence {
      guard let row = prescaleRow(name, node, isByTime: isByTime) else { continue }
      if let last = rows.last, row.start <= last.start {
        report(
          name, at: SourcePlace(node),
          found: "a row from \(start(node)) after the row from \(lastStart)",
          expected: "rows whose `from` ascends",
          remedy: "each row holds until the next begins: order them, and give each start once")
      } else {
        rows.append(row)
        lastStart = start(node)
      }
    }
    return rows
  }

  private func start(_ row: Node) -> String { row.mapping?["from"]?.scalar?.string ?? "nowhere" }

  private func prescaleRow(
    _ name: String, _ node: Node, isByTime: Bool
  ) -> PrescaleSchedule.Row? {
    let place = SourcePlace(node)
    guard !isRefused(node, key: "\(prefix)\(name)", log: log) else { return nil }
    guard let mapping = node.mapping else {
      report(
        name, at: place, found: NodeShape(node).description,
        expected: "a row with `from` and `points`",
        remedy: "write, for example, `- {from: 100, points: {nominal: 10}}`")
      return nil
    }
    var start: UInt64?
    var prescales: [String: UInt32]?
    for (key, value) in mapping {
      switch key.scalar?.string {
      case "from": start = rowStart(name, value, isByTime: isByTime)
      case "points": prescales = rowPrescales(name, value)
      case let other where other.map(YAMLDocument.isSetAside) ?? false: break
      case let other:
        report(
          name, at: SourcePlace(key), found: "the unknown key `\(other ?? "")`",
          expected: "from or points")
      }
    }
    for key in ["from", "points"] where mapping[key] == nil {
      report(
        name, at: place, found: "a row without `\(key)`",
        expected: "a row with `from` and `points`",
        remedy: key == "points" ? "write `points: {}` for the calibration's prescales" : nil)
    }
    guard let start, let prescales else { return nil }
    return PrescaleSchedule.Row(
      start: start, prescales: prescales, place: place.map { "\($0)" } ?? "")
  }

  private func rowStart(_ name: String, _ node: Node, isByTime: Bool) -> UInt64? {
    let shape = NodeShape(node)
    guard !isRefused(node, key: "\(prefix)\(name)", log: log) else { return nil }
    if isByTime {
      if let text = shape.text, let time = nanoseconds(utc: text) { return time }
      report(
        name, at: SourcePlace(node), found: shape.description,
        expected: "a time in UTC such as 2026-11-27T20:00:00Z")
      return nil
    }
    if case .number(let text) = shape, let value = decimal(text),
      let section = UInt32(exactly: value)
    {
      return UInt64(section)
    }
    report(
      name, at: SourcePlace(node), found: shape.description,
      expected: "a luminosity section, a whole number from 0 to \(UInt32.max)",
      remedy: shape.text.flatMap(nanoseconds(utc:)).map { _ in "for times write `by: time`" })
    return nil
  }

  private func rowPrescales(_ name: String, _ node: Node) -> [String: UInt32]? {
    guard !isRefused(node, key: "\(prefix)\(name)", log: log) else { return nil }
    guard let mapping = node.mapping else {
      report(
        name, at: SourcePlace(node), found: NodeShape(node).description,
        expected: "prescales by working point",
        remedy: "write, for example, `points: {nominal: 10}`, or `points: {}` for the calibration's"
      )
      return nil
    }
    var prescales: [String: UInt32] = [:]
    for (key, value) in mapping {
      guard !isRefused(value, key: "\(prefix)\(name)", log: log) else { continue }
      guard let point = key.scalar?.string, !point.isEmpty else {
        report(
          name, at: SourcePlace(key), found: NodeShape(key).description,
          expected: "the name of a working point")
        continue
      }
      if YAMLDocument.isSetAside(point) { continue }
      let shape = NodeShape(value)
      guard case .number(let text) = shape, let number = decimal(text),
        let prescale = UInt32(exactly: number)
      else {
        report(
          name, at: SourcePlace(value), found: "\(shape.description) for \(point)",
          expected: "a prescale, a whole number from 0 (keep none) to \(UInt32.max)")
        continue
      }
      prescales[point] = prescale
    }
    return prescales
  }
}
