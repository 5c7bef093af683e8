internal import DurableFiles
public import EventRecords
internal import NumberText

/// The events of one or several run folders, segments and `.npy` files, one after another: what the
/// commands call EVENTS. Only events count; control records are skipped. Flagged segments and
/// journals give the events that they carry.
///
/// All files are mapped, and every record's checksum is verified at the start. Reading events
/// afterwards cannot fail. Several threads may read at once.
public final class EventSource: Sendable {
  /// In the order given.
  public let inputs: [EventInput]
  /// D of all inputs.
  public let featureCount: Int
  /// Events in all inputs.
  public let eventCount: Int
  /// Names of the features, where an input has them.
  public let featureNames: [String]?
  /// The schema of the inputs that state one; 0 where none does.
  public let schema: UInt32
  /// Notes for the user on the inputs.
  public var notes: [String] { inputs.flatMap(\.notes) }
  /// Index of the first event of each input, and one past the last event.
  private let firstEvents: [Int]

  /// Opens the inputs and reads through all records once. `isTaken` chooses the events of runs and
  /// journals; all rows of a `.npy` are taken. It is called in order with the number of the input,
  /// the event, and in a journal the flagged record that carries the event. Traps where `paths` is
  /// empty.
  /// - Throws: `FileFault` for a file that cannot be read, a broken record, or inputs that differ
  ///   in D or schema; `SystemCallError`.
  public init(
    paths: [String], isTaken: ((Int, EventRecordView, FlaggedRecordView?) -> Bool)? = nil
  ) throws {
    precondition(!paths.isEmpty, "no events were named")
    let inputs = try paths.enumerated().map { input, path in
      try EventInput(path, isTaken: isTaken.map { take in { take(input, $0, $1) } })
    }
    self.inputs = inputs
    featureCount = inputs[0].featureCount
    let speaker = inputs.first { $0.schema != 0 }
    schema = speaker?.schema ?? 0
    featureNames = inputs.lazy.compactMap(\.featureNames).first
    firstEvents = inputs.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1.eventCount) }
    eventCount = firstEvents.last ?? 0
    for input in inputs {
      if input.featureCount != featureCount {
        throw FileFault(
          file: input.path, found: counted(input.featureCount, "feature"),
          expected: "\(featureCount), as in \(inputs[0].path)",
          remedy: "give events of one kind of detector together")
      }
      if input.schema != 0, let speaker, input.schema != speaker.schema {
        throw FileFault(
          file: input.path, found: "features of schema \(schemaDescription(input.schema))",
          expected: "\(schemaDescription(speaker.schema)), as in \(speaker.path)",
          remedy: "give events with the same feature names in the same order together")
      }
    }
  }

  /// Copies the raw features of events `range`, in input order and row by row, to `range.count *
  /// featureCount` floats. Float64 of a `.npy` is rounded. Traps where there are no such events.
  public func copyFeatures(of range: Range<Int>, into destination: UnsafeMutablePointer<Float>) {
    var out = destination
    forEachInput(of: range) { input, part in
      input.copyFeatures(of: part, into: out)
      out += part.count * featureCount
    }
  }

  /// Copies the condition fields of events `range`, in input order, to `range.count` floats; NaN
  /// for the rows of a `.npy`, where the condition is not known. Traps where there are no such
  /// events.
  public func copyConditions(of range: Range<Int>, into destination: UnsafeMutablePointer<Float>) {
    var out = destination
    forEachInput(of: range) { input, part in
      input.copyConditions(of: part, into: out)
      out += part.count
    }
  }

  /// Visits the inputs that `range` lies in, each with the range of its own events.
  private func forEachInput(of range: Range<Int>, _ body: (EventInput, Range<Int>) -> Void) {
    precondition(0 <= range.lowerBound && range.upperBound <= eventCount, "no such events")
    for (input, first) in zip(inputs, firstEvents) {
      let part = range.clamped(to: first..<(first + input.eventCount))
      if !part.isEmpty { body(input, part.lowerBound - first..<part.upperBound - first) }
    }
  }

  /// The record of event `index`; nil for a row of a `.npy`. Valid as long as the source lives.
  /// Traps where there is no such event.
  public func record(at index: Int) -> EventRecordView? {
    let (input, event) = place(of: index)
    return inputs[input].record(at: event)
  }

  /// The flagged record that carries event `index`; nil for an event that no journal holds. Valid as
  /// long as the source lives. Traps where there is no such event.
  public func flaggedRecord(at index: Int) -> FlaggedRecordView? {
    let (input, event) = place(of: index)
    return inputs[input].flaggedRecord(at: event)
  }

  /// The input of event `index`, and the event's index in it. Traps where there is no such event.
  public func place(of index: Int) -> (input: Int, event: Int) {
    precondition(0..<eventCount ~= index, "event \(index) of \(eventCount)")
    let input = firstEvents.lastIndex { $0 <= index } ?? 0
    return (input, index - firstEvents[input])
  }
}
