internal import TriggerPipeline

/// The table of prescales by section or time, and where the stream is in it.
package struct PrescaleFacts: Equatable, Sendable {
  /// `section` or `time`.
  package var axis: String
  /// Rows that the configuration has.
  package var rowCount: Int
  /// The row of the last event that might be kept, from 1; 0 before the first.
  package var row: Int
  /// Where that row begins: a section, or seconds since the epoch; nil before the first.
  package var start: Double?

  /// Creates the facts.
  package init(axis: String, rowCount: Int, row: Int, start: Double?) {
    self.axis = axis
    self.rowCount = rowCount
    self.row = row
    self.start = start
  }

  /// The facts of a table at a row.
  init(_ table: PrescaleTable, row: Int) {
    let start = row > 0 ? Double(table.starts[row - 1]) : nil
    self.init(
      axis: table.axis.rawValue, rowCount: table.starts.count, row: row,
      start: table.axis == .time ? start.map { $0 * 1e-9 } : start)
  }
}

extension PrescaleFacts {
  static let figures: [Figure<PrescaleFacts>] = [
    Figure("by") { .text($0.axis) },
    Figure("rows") { .integer($0.rowCount) },
    Figure("row", "tamis_prescale_row", "The row of prescales in force; 0 before the first.") {
      .integer($0.row)
    },
    Figure("from") { $0.start.map { .real($0) } },
  ]
}
