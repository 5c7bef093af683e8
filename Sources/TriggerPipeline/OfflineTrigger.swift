package import EventRecords
package import RunFiles
package import ScoreEngine

/// An event that was scored offline, in input order.
package struct OfflineEvent {
  /// Its place among the input's events, from 0.
  package var index: Int
  /// Its record, or nil where the input has features only (`.npy`).
  package var record: EventRecordView?
  /// Its score; NaN where it cannot be scored.
  package var score: Float
  /// D attributions, valid during the call.
  package var attributions: UnsafeBufferPointer<Float>
  /// The decision of the rule; nil where the event is not kept.
  package var decision: Decision?

  /// The condition of its record; NaN where it has none.
  package var condition: Float { record?.condition ?? .nan }

  /// Whether its sender marked it as simulated.
  package var isSimulated: Bool { record?.flags.contains(.simulated) ?? false }

  /// The numbers that identify the event.
  package var identity: EventIdentity {
    record.map(EventIdentity.init) ?? EventIdentity(rowOfFeatures: index)
  }
}

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

/// The trigger without a stream: the same engine and the same rule over recorded events, in input
/// order, with the bits that the daemon gives.
package struct OfflineTrigger: Sendable {
  private let precision: ScoringPrecision
  private let workers: Int
  private let batchMax: Int

  /// Creates a trigger that scores with `workers` threads.
  package init(_ precision: ScoringPrecision, workers: Int, batchMax: Int = 256) {
    self.precision = precision
    self.workers = workers
    self.batchMax = batchMax
  }

  /// Creates a trigger that scores every event exactly.
  package init(network: ScoringNetwork, workers: Int, batchMax: Int = 256) {
    self.init(.exact(network), workers: workers, batchMax: batchMax)
  }

  /// Scores all events of `input` and visits each in order. With a screen, an event that the screen
  /// has ruled out has its screen score, its attributions mean nothing, and it is never kept for
  /// its score.
  ///
  /// - Throws: what reading the input throws (`FileFault`), and what `visit` throws.
  package func run(
    over input: EventSource, rule: DecisionRule?, visit: (OfflineEvent) throws -> Void
  ) throws {
    let featureCount = precision.network.featureCount
    let prescale = precision.isExact ? 0 : rule?.unbiasedPrescale ?? 0
    let isSampled: @Sendable (Int) -> Bool = { index in
      !(input.record(at: index)?.flags.contains(.simulated) ?? false)
        && Self.identity(of: index, in: input).prescaleHash.passes(prescale: prescale)
    }
    try scoreInParallel(
      precision, workers: workers, eventCount: input.eventCount, batchMax: batchMax,
      wantsAttributions: true,
      isSampled: prescale == 0 ? nil : isSampled,
      readFeatures: { range, features in input.copyFeatures(of: range, into: features) },
      consume: { range, scores, attributions in
        guard let attributions else { return }
        for offset in 0..<range.count {
          var event = OfflineEvent(
            index: range.lowerBound + offset, record: input.record(at: range.lowerBound + offset),
            score: scores[offset],
            attributions: UnsafeBufferPointer(
              start: attributions + offset * featureCount, count: featureCount),
            decision: nil)
          if let rule {
            event.decision = rule.decide(
              score: event.score, condition: event.condition, hash: event.identity.prescaleHash,
              isSimulated: event.isSimulated, prescaleRow: rule.prescaleRow(of: event))
          }
          try visit(event)
        }
      })
  }

  private static func identity(of index: Int, in input: EventSource) -> EventIdentity {
    input.record(at: index).map(EventIdentity.init) ?? EventIdentity(rowOfFeatures: index)
  }

  /// Scores all events of `input` without deciding, and gives chunk after chunk in order: the range
  /// of events, their scores, their features, row-major, and their attributions where they are wanted.
  package func scoreChunks(
    of input: EventSource, wantsAttributions: Bool = false,
    consume: (
      Range<Int>, UnsafeBufferPointer<Float>, UnsafeBufferPointer<Float>,
      UnsafeBufferPointer<Float>?
    ) throws -> Void
  ) throws {
    let featureCount = precision.network.featureCount
    try scoreInParallel(
      precision, workers: workers, eventCount: input.eventCount, batchMax: batchMax,
      wantsAttributions: wantsAttributions,
      readFeatures: { range, features in input.copyFeatures(of: range, into: features) },
      consume: { range, scores, attributions in
        var rows = [Float](repeating: 0, count: range.count * featureCount)
        try rows.withUnsafeMutableBufferPointer { rows in
          if let base = rows.baseAddress { input.copyFeatures(of: range, into: base) }
          try consume(
            range, UnsafeBufferPointer(start: scores, count: range.count),
            UnsafeBufferPointer(rows),
            attributions.map {
              UnsafeBufferPointer(start: $0, count: range.count * featureCount)
            })
        }
      })
  }
}
