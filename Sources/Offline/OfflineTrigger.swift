package import EventRecords
package import RunFiles
package import ScoreEngine
package import TriggerPipeline

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
        && input.identity(at: index).prescaleHash.passes(prescale: prescale)
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

  /// Scores all events of `input` without deciding, and gives chunk after chunk in order: the range
  /// of events, their scores, their features, row-major, and their attributions where they are
  /// wanted.
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

extension EventSource {
  /// The numbers that identify event `index`.
  func identity(at index: Int) -> EventIdentity {
    record(at: index).map(EventIdentity.init) ?? EventIdentity(rowOfFeatures: index)
  }
}

extension DecisionRule {
  /// The row of prescales that an offline event has. One without a record, a row of an array, is of
  /// section 0.
  func prescaleRow(of event: OfflineEvent) -> Int {
    event.record.map { prescaleRow(of: $0) } ?? prescales?.row(section: 0, timeNs: 0) ?? 0
  }
}
