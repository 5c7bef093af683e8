internal import DurableFiles
internal import RunFiles
package import TriggerPipeline

/// The change that each flagged record of a journal was decided under, by the record's number: a line
/// of `decisions.jsonl` holds from the record with its number on.
///
/// One record is an exception. A line that begins or ends a flood is entered while the event is decided
/// that it names as `after`. Where that event was kept, the line has the number of its record, which was
/// still decided under the line before. The two lines differ in the prescale of the flood alone, and a
/// reader of that has to compare the events.
package struct RecordDeciders: Sendable {
  private let history: DecisionHistory
  /// Changes whose number is at most that of the record asked for last.
  private var passed = 0

  /// Reads the history of a journal, or of the journal that a segment lies in. There may be none.
  ///
  /// - Throws: `SystemCallError`.
  package init(journal path: String) throws {
    let journal = try isFolder(path) ? path : folder(of: path)
    history = try DecisionHistory(journal: journal) ?? DecisionHistory([])
  }

  /// Lines of the history that were left out.
  package var notes: [String] { history.notes }

  /// The last change; nil where there is none.
  package var last: DecisionChange? { history.changes.last }

  /// Whether the last change has prescales by section or time.
  package var endsWithTable: Bool { last?.prescaleTable != nil }

  /// The change that holds for the record with this number, but for the prescale of a flood that begins
  /// or ends at its event; nil where the history begins later.
  /// Numbers that ascend cost O(1) each.
  package mutating func decider(ofNumber number: UInt64) -> DecisionChange? {
    let changes = history.changes
    if passed > 0, changes[passed - 1].number > number { passed = 0 }
    while passed < changes.count, changes[passed].number <= number { passed += 1 }
    return passed > 0 ? changes[passed - 1] : nil
  }

  /// The prescales that each working point of a calibration had in `histories`, under floods and by
  /// all rows of tables. 0 is of events that only the unbiased sample keeps, and of a table that is
  /// lost. `own` has the calibration's hash and prescales; without it only what tables say is
  /// known.
  package static func prescales(
    of own: (calibration: String, prescales: [UInt32])?, in histories: [RecordDeciders]
  ) -> [Set<UInt32>] {
    var found = [Set<UInt32>](repeating: [], count: 16)
    func note(_ prescales: some Sequence<UInt32>, flood: UInt32) {
      for (point, prescale) in prescales.enumerated() where point < found.count {
        found[point].insert(prescale == 0 ? 0 : max(prescale, flood))
      }
    }
    for history in histories.map(\.history) {
      var seen: Set<String> = []
      if let own, history.changes.isEmpty { note(own.prescales, flood: 1) }
      for change in history.changes {
        if let own, change.calibration != own.calibration { continue }
        // Steps of rate control are many, and prescales few.
        guard seen.insert("\(change.prescaleTable ?? "") \(change.floodPrescale)").inserted else {
          continue
        }
        guard let name = change.prescaleTable else {
          if let own { note(own.prescales, flood: change.floodPrescale) }
          continue
        }
        guard let table = history.prescaleTables[name] else {
          if let own { note(own.prescales.map { _ in 0 }, flood: 1) }
          continue
        }
        for row in 0...table.starts.count {
          note(
            (0..<table.pointCount).map { table.prescale(row: row, point: $0) },
            flood: change.floodPrescale)
        }
      }
    }
    return found
  }
}
