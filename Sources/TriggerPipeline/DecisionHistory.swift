internal import DurableFiles
internal import EventRecords
internal import Glibc
internal import StrictJSON

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
    let path = "\(folder)/\(DecisionLog.name)"
    guard try DiskFolder(folder).status(of: DecisionLog.name) != nil else { return nil }
    let lines: JSONLines
    do {
      lines = try JSONLines(path)
    } catch let error as SystemCallError where error.isNoRegularFile || error.code == ENOENT {
      self.init([])
      notes = ["\(error); what decided which events is not known"]
      return
    }
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

  /// What decided `event`, the next one in order; nil before the first change.
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

extension DecisionChange {
  init(_ line: JSONPlace) throws(FileFault) {
    let place: Place
    if let before = try line.optionalMember("before") {
      place = .before(try EventIdentity(before))
    } else {
      place = .after(
        try line.member("after").unlessNull { (event) throws(FileFault) in
          try EventIdentity(event)
        })
    }
    self.init(
      place: place, number: try line.member("number").integer(in: 0...UInt64.max),
      model: try line.member("model_sha256").string(),
      calibration: try line.member("calibration_sha256").string(),
      floodPrescale: try line.member("flood_prescale").integer(in: 1...UInt32.max),
      unbiasedPrescale: try line.member("unbiased_prescale").integer(in: 0...UInt32.max),
      factors: try line.optionalMember("factors").map { (factors) throws(FileFault) in
        try factors.map { (factor) throws(FileFault) in try Self.factor(factor) }
      } ?? [],
      timeNs: try line.member("time_ns").integer(in: 0...UInt64.max))
    prescaleTable = try line.optionalMember(PrescaleTable.identityKey)?.string()
    prescaleRow = try line.optionalMember("prescale_row")?.integer(in: 0...Int.max)
    setsSimulatedApart = try line.optionalMember("simulated_apart")?.bool() ?? false
  }
}

extension DecisionChange {
  private static func factor(_ place: JSONPlace) throws(FileFault) -> Float {
    let factor: Float = try place.real()
    guard factor > 0 else { throw place.fault(expected: "a number above 0") }
    return factor
  }

  /// The last line of a change in a file's end that is whole; nil where there is none.
  init?(lastOf end: [UInt8]) {
    // The first line of the end may have lost its beginning.
    let places = JSONLines(end, name: DecisionLog.name).places
    guard let change = places.reversed().lazy.compactMap({ try? DecisionChange($0) }).first else {
      return nil
    }
    self = change
  }
}

extension EventIdentity {
  fileprivate init(_ place: JSONPlace) throws(FileFault) {
    self.init(
      run: try place.member("run").integer(in: 0...UInt32.max),
      source: try place.member("source").integer(in: 0...UInt32.max),
      sequence: try place.member("sequence").integer(in: 0...UInt64.max),
      event: try place.member("event").integer(in: 0...UInt64.max))
  }
}
