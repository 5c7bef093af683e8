internal import DurableFiles
internal import Glibc
internal import RunFiles
internal import StrictJSON
package import TriggerPipeline

/// Tells by which model, calibration and prescales each event of a journal was decided, from its
/// `decisions.jsonl`. It is asked for the recorded events in the order in which they came.
///
/// Exact where the recorded order is the daemon's, as for one sender. Where several senders were
/// recorded in another order, events near a change may be ascribed to its wrong side.
package struct DecisionHistory: Sendable {
  /// In the order of the decisions.
  package let changes: [DecisionChange]
  /// Lines that were left out because they are torn or altered.
  package private(set) var notes: [String] = []
  /// Tables of prescales by their identities.
  package private(set) var prescaleTables: [String: PrescaleTable] = [:]
  private var next = 0
  private var previous: EventIdentity?
  /// Whether it is known between which events the last change came. It is not where the change names
  /// an event that was not asked for: then it came somewhere between two records.
  private(set) var isPlaceKnown = true

  /// Creates a history of changes in order.
  package init(_ changes: [DecisionChange]) { self.changes = changes }

  /// Reads the history of the journal in `folder`; nil where it has none.
  ///
  /// - Throws: `SystemCallError`.
  package init?(journal folder: String) throws {
    let path = "\(folder)/\(decisionsFileName)"
    guard try DiskFolder(folder).status(of: decisionsFileName) != nil else { return nil }
    let lines: JSONLines
    do {
      lines = try JSONLines(path)
    } catch let error as SystemCallError where error.isNoRegularFile || error.code == ENOENT {
      self.init([])
      notes = ["\(error); what decided which events is not known"]
      return
    }
    self.init(lines)
  }

  /// Takes what the lines of a history say.
  init(_ lines: JSONLines) {
    var notes = lines.notes
    var changes: [DecisionChange] = []
    var tables: [String: PrescaleTable] = [:]
    for place in lines.places {
      do throws(FileFault) {
        if let table = try PrescaleTable(place) {
          tables[table.identity] = table
          continue
        }
        changes.append(try DecisionChange(place))
      } catch {
        notes.append("\(error); left out")
      }
    }
    self.init(changes)
    self.notes = notes
    prescaleTables = tables
  }

  /// The same with another prescale of the unbiased sample in every change.
  package func with(unbiasedPrescale: UInt32) -> DecisionHistory {
    var history = DecisionHistory(
      changes.map { change in
        var change = change
        change.unbiasedPrescale = unbiasedPrescale
        return change
      })
    history.prescaleTables = prescaleTables
    history.notes = notes
    return history
  }

  /// The change that `event`, the next one in order, was decided under; nil before the first change.
  ///
  /// - Parameters:
  ///   - number: that of the journal's next record of an event that is asked for: changes of higher
  ///     numbers come behind it. A run that is sent again has the same events again.
  ///   - isAskedFor: whether events of an event's run and source are asked for at all. A change at
  ///     another event is passed as early as its number allows.
  package mutating func decider(
    of event: EventIdentity, upTo number: UInt64 = .max,
    isAskedFor: (EventIdentity) -> Bool = { _ in true }
  ) -> DecisionChange? {
    while next < changes.count, changes[next].number <= number {
      let change = changes[next]
      let isHere = change.place == .before(event) || change.place == .after(previous)
      guard isHere || change.place.event.map({ !isAskedFor($0) }) ?? false else { break }
      if isHere {
        isPlaceKnown = true
      } else if next > 0, !change.decidesAs(changes[next - 1]) {
        isPlaceKnown = false
      }
      next += 1
    }
    previous = event
    return next > 0 ? changes[next - 1] : nil
  }

  /// A record was found that comes behind all changes passed so far.
  mutating func notePlace() { isPlaceKnown = true }
}

extension DecisionChange {
  /// Whether events are decided as under `other`.
  fileprivate func decidesAs(_ other: DecisionChange) -> Bool {
    var same = other
    (same.place, same.number, same.timeNs, same.prescaleRow) = (place, number, timeNs, prescaleRow)
    return same == self
  }
}

extension DecisionChange.Place {
  /// The event that it names.
  fileprivate var event: EventIdentity? {
    switch self {
    case .before(let event): event
    case .after(let event): event
    }
  }
}
