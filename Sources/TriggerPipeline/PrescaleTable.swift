package import Calibration
package import DurableFiles
package import StrictJSON

/// The prescales of a calibration's working points by luminosity section or time.
///
/// The row of an event follows from its own record, and from nothing else: the order in which
/// records come, other senders and restarts change no decision, and `tamis verify` repeats each.
package struct PrescaleTable: Equatable, Sendable {
  /// The field that tells the row of an event.
  package let axis: PrescaleSchedule.Axis
  /// Where each row begins, ascending. Row 0 is before the first: row r is of events with r starts at
  /// or below theirs.
  package let starts: [UInt64]
  /// Row after row from row 0, one prescale a working point in the calibration's order; 0 keeps none.
  package let prescales: [UInt32]
  /// The number of working points.
  package let pointCount: Int
  /// The first 16 hexadecimal digits of the SHA-256 of its content, by which lines of
  /// `decisions.jsonl` name it.
  package let identity: String

  /// The table of a schedule; nil where it has no rows.
  ///
  /// - Throws: `GenerationRefusal` where a row names a working point that the calibration does not
  ///   have. `file` is the configuration's, for the message.
  package init?(
    _ schedule: PrescaleSchedule, file: String, calibration: TriggerCalibration
  ) throws(GenerationRefusal) {
    if schedule.rows.isEmpty { return nil }
    let points = calibration.workingPoints
    for row in schedule.rows {
      let unknown = row.prescales.keys.filter { name in !points.contains { $0.name == name } }
      if let name = unknown.min() {
        throw GenerationRefusal(
          description: "\(file):\(row.place): prescales.rows: found the working point `\(name)`, "
            + "expected one of the calibration's: \(points.map(\.name).joined(separator: ", ")); "
            + "rename it in this row, or take it out: points that a row does not name have the calibration's "
            + "prescale")
      }
    }
    let own = points.map(\.prescale)
    self.init(
      axis: schedule.axis, starts: schedule.rows.map(\.start), pointCount: points.count,
      prescales: own
        + schedule.rows.flatMap { row in points.map { row.prescales[$0.name] ?? $0.prescale } })
  }

  /// Creates a table whose starts ascend, with one more row of prescales than starts.
  package init(
    axis: PrescaleSchedule.Axis, starts: [UInt64], pointCount: Int, prescales: [UInt32]
  ) {
    precondition(prescales.count == (starts.count + 1) * pointCount && pointCount > 0)
    precondition(zip(starts, starts.dropFirst()).allSatisfy { $0 < $1 })
    self.axis = axis
    self.starts = starts
    self.pointCount = pointCount
    self.prescales = prescales
    identity = String(
      SHA256Digest(of: Self.content(axis, starts, prescales, pointCount)).description.prefix(16))
  }

  /// The row of an event with this section and time. O(log rows).
  package func row(section: UInt32, timeNs: UInt64) -> Int {
    let key = axis == .section ? UInt64(section) : timeNs
    var (low, high) = (0, starts.count)
    while low < high {
      let middle = (low + high) / 2
      if starts[middle] <= key { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The prescale of a working point in a row.
  @inline(__always)
  package func prescale(row: Int, point: Int) -> UInt32 { prescales[row * pointCount + point] }
}

// MARK: - decisions.jsonl

extension PrescaleTable {
  /// The member that tells the line of a table from the line of a change.
  package static let rowsKey = "rows"
  package static let identityKey = "prescale_table"

  /// The table as a line of `decisions.jsonl`.
  package var json: String {
    "{\"\(Self.identityKey)\": \"\(identity)\", "
      + "\(Self.content(axis, starts, prescales, pointCount))}"
  }

  private static func content(
    _ axis: PrescaleSchedule.Axis, _ starts: [UInt64], _ prescales: [UInt32], _ pointCount: Int
  ) -> String {
    let rows = (0...starts.count).map { row in
      let start = row == 0 ? "null" : "\(starts[row - 1])"
      let own = prescales[row * pointCount..<(row + 1) * pointCount]
      return "{\"from\": \(start), \"prescales\": "
        + "[\(own.map { "\($0)" }.joined(separator: ", "))]}"
    }
    return "\"by\": \"\(axis.rawValue)\", \"\(rowsKey)\": [\(rows.joined(separator: ", "))]"
  }

  /// Reads the line; nil where it is the line of a change.
  package init?(_ line: JSONPlace) throws(FileFault) {
    guard let rows = try line.optionalMember(Self.rowsKey) else { return nil }
    let by = try line.member("by")
    let name = try by.string()
    guard let axis = PrescaleSchedule.Axis(rawValue: name) else {
      throw by.fault(expected: "\"section\" or \"time\"")
    }
    var starts: [UInt64] = []
    var prescales: [UInt32] = []
    var pointCount = 0
    var isFirst = true
    _ = try rows.map { (row) throws(FileFault) in
      let own = try row.member("prescales").map { (prescale) throws(FileFault) in
        try prescale.integer(in: UInt32(0)...UInt32.max)
      }
      if isFirst {
        (isFirst, pointCount) = (false, own.count)
      } else {
        starts.append(try row.member("from").integer(in: UInt64(0)...UInt64.max))
      }
      guard own.count == pointCount, (1...16).contains(pointCount) else {
        throw row.fault(expected: "as many prescales as the first row has, 1 to 16")
      }
      prescales += own
    }
    guard pointCount > 0, zip(starts, starts.dropFirst()).allSatisfy({ $0 < $1 }) else {
      throw rows.fault(expected: "rows whose starts ascend")
    }
    self.init(axis: axis, starts: starts, pointCount: pointCount, prescales: prescales)
    let stated = try line.member(Self.identityKey)
    guard try stated.string() == identity else {
      throw stated.fault(expected: "\"\(identity)\", which is that of its rows")
    }
  }
}
