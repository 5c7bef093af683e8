/// Prescales that change with the luminosity section or the time of events, as the configuration
/// has them: by the names of working points. `PrescaleTable` has them for one calibration.
package struct PrescaleSchedule: Equatable, Sendable {
  /// The field of a record that tells the row of its event.
  package enum Axis: String, CaseIterable, Sendable {
    /// The luminosity section of its record.
    case section
    /// The time of its record.
    case time
  }

  /// Prescales from one section or time on, until the next row's.
  package struct Row: Equatable, Sendable {
    /// The first section, or nanoseconds since the epoch.
    package var start: UInt64
    /// Prescales by working point, 0 to keep none of its events. A point that is not named has the
    /// calibration's.
    package var prescales: [String: UInt32]
    /// `line:column` in the configuration.
    package var place: String

    /// Creates a row.
    package init(start: UInt64, prescales: [String: UInt32], place: String = "") {
      self.start = start
      self.prescales = prescales
      self.place = place
    }

    /// The place in the file does not count.
    package static func == (one: Row, other: Row) -> Bool {
      one.start == other.start && one.prescales == other.prescales
    }
  }

  /// The most rows.
  package static let rowCountMax = 256

  /// The field that tells the row of an event.
  package var axis = Axis.section
  /// Rows whose starts ascend. Events before the first have the calibration's prescales, as all
  /// have without rows.
  package var rows: [Row] = []

  /// No rows.
  package init() {}
}
