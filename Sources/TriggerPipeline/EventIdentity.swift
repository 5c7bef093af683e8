package import EventRecords

/// The four numbers that tell one event from another.
package struct EventIdentity: Hashable, Sendable, CustomStringConvertible {
  /// The run.
  package var run: UInt32
  /// The sender.
  package var source: UInt32
  /// The sequence number in the run.
  package var sequence: UInt64
  /// The event number.
  package var event: UInt64

  /// Creates an identity.
  package init(run: UInt32, source: UInt32, sequence: UInt64, event: UInt64) {
    self.run = run
    self.source = source
    self.sequence = sequence
    self.event = event
  }

  /// The identity that a record states.
  package init(_ record: EventRecordView) {
    self.init(
      run: record.run, source: record.source, sequence: record.sequence, event: record.event)
  }

  /// The number that decides the event's prescales.
  package var prescaleHash: PrescaleHash {
    PrescaleHash(run: run, source: source, sequence: sequence, event: event)
  }

  /// The identity that a row of features without a record has everywhere, also in what `tamis
  /// replay` sends: event `row + 1` of run 1 and source 1. Sequence 1 is the begin-of-run record.
  package init(rowOfFeatures row: Int) {
    self.init(run: 1, source: 1, sequence: UInt64(row + 2), event: UInt64(max(row, -1) + 1))
  }

  /// `run 3 source 1 sequence 17 (event 16)`.
  package var description: String {
    "run \(run) source \(source) sequence \(sequence) (event \(event))"
  }
}
