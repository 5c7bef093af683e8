internal import EventRecords
package import TriggerPipeline

/// Makes the flagged records that the daemon would have published. The fields that only the daemon
/// knows differ: the instance is 0, and both times are the record's own.
package struct OfflineFlagged {
  private let rule: DecisionRule
  private let model: UInt32
  private let calibration: UInt32
  private let rarity: RecordRarity
  private let featureCount: Int
  private let eventBytes: UnsafeMutableRawBufferPointer
  private var number: UInt64 = 0

  /// Creates a maker of flagged records for a model and calibration given by their short hashes.
  package init(
    rule: DecisionRule, model: UInt32, calibration: UInt32, rarity: RecordRarity,
    featureCount: Int
  ) {
    self.rule = rule
    self.rarity = rarity
    self.model = model
    self.calibration = calibration
    self.featureCount = featureCount
    eventBytes = .allocate(
      byteCount: EventRecord.byteCount(featureCount: featureCount), alignment: 64)
  }

  /// Frees the buffer.
  package func deallocate() { eventBytes.deallocate() }

  /// Writes the flagged record of `event` into `target`; false where the event is not kept.
  package mutating func encode(
    _ event: OfflineEvent, features: UnsafeBufferPointer<Float>?,
    into target: UnsafeMutableRawPointer
  ) -> Bool {
    guard let decision = event.decision, let base = eventBytes.baseAddress else { return false }
    number += 1
    let record = event.record ?? synthesised(event, features: features, at: base)
    let header = FlaggedHeader(
      reasons: decision.reasons, workingPoints: decision.workingPoints, score: event.score,
      threshold: rule.threshold(for: decision.reasons, condition: record.condition),
      number: number, receivedNs: record.timeNs,
      decidedNs: record.timeNs, weight: decision.weight, model: model, calibration: calibration,
      instance: 0, backgroundRate: rarity.field(of: event.score, for: decision.reasons))
    FlaggedRecord.encode(
      header, attributions: event.attributions, eventRecord: record, into: target)
    return true
  }

  private func synthesised(
    _ event: OfflineEvent, features: UnsafeBufferPointer<Float>?, at base: UnsafeMutableRawPointer
  ) -> EventRecordView {
    let identity = event.identity
    let header = EventHeader(
      kind: .event, source: identity.source, run: identity.run, featureCount: featureCount,
      sequence: identity.sequence, event: identity.event)
    EventRecord.encode(header, features: features, into: base)
    return EventRecordView(base)
  }
}
