internal import DurableFiles
internal import EventRecords
internal import TriggerPipeline

extension FlaggedVerifier {
  /// Names the first field in which a record and the decision of the rule differ; nil where none
  /// does.
  func difference(
    _ event: OfflineEvent, _ decision: Decision, _ features: UnsafeBufferPointer<Float>,
    _ found: FlaggedRecordView
  ) -> String? {
    let identity = event.identity
    if EventIdentity(found.event) != identity {
      return "\(identity): to be flagged, but the next flagged is \(EventIdentity(found.event))"
    }
    func differs(_ field: String, offline: some Any, online: some Any) -> String {
      "\(identity), flagged as number \(found.number): \(field) is \(offline) offline and "
        + "\(online) online"
    }
    if found.storedChecksum != found.computedChecksum {
      return differs("checksum", offline: found.computedChecksum, online: found.storedChecksum)
    }
    if found.model != model.prefix {
      return differs("model", offline: model.prefix, online: found.model)
    }
    if found.calibration != calibration.prefix {
      return differs("calibration", offline: calibration.prefix, online: found.calibration)
    }
    if !sameBits(found.score, event.score) {
      return differs("score", offline: event.score, online: found.score)
    }
    let threshold = rule.threshold(for: decision.reasons, condition: event.condition)
    if !sameBits(found.threshold, threshold) {
      return differs("threshold", offline: threshold, online: found.threshold)
    }
    let backgroundRate = rarity.field(of: event.score, for: decision.reasons)
    if !sameBits(found.backgroundRate, backgroundRate) {
      return differs("background rate", offline: backgroundRate, online: found.backgroundRate)
    }
    let online = Decision(
      reasons: found.reasons, workingPoints: found.workingPoints, weight: found.weight)
    if online != decision { return differs("decision", offline: decision, online: online) }
    for index in 0..<featureCount {
      if !sameBits(found.attributions[index], event.attributions[index]) {
        return differs(
          "attribution \(index)", offline: event.attributions[index],
          online: found.attributions[index])
      }
      if !sameBits(found.event.features[index], features[index]) {
        return differs(
          "feature \(index)", offline: features[index], online: found.event.features[index])
      }
    }
    return nil
  }

  private func sameBits(_ a: Float, _ b: Float) -> Bool { a.bitPattern == b.bitPattern }
}
