internal import DurableFiles
public import EventRecords

/// Compares what a daemon has flagged with what the rule says of the recorded input, event by event
/// in input order: decision, score, attributions and the event itself, bit for bit.
public struct FlaggedVerifier {
  /// Events compared, and flagged records found equal.
  public private(set) var eventCount = 0
  /// Flagged records that were found equal.
  public private(set) var identicalCount = 0
  /// Events to be flagged from before the journal's oldest record, where retention has deleted what
  /// came before it: they cannot be compared.
  public private(set) var deletedCount = 0
  /// The first difference, in words that name the event and the field; nil while there is none.
  public private(set) var firstDifference: String?

  private let flagged: RecordedRun
  private let featureCount: Int
  private let model: UInt32
  private let calibration: UInt32
  private let threshold: Float
  /// Runs and sources of the input; flagged records of others are not this input's.
  private let streams: Set<Stream>
  private var next = 0

  private struct Stream: Hashable {
    var run: UInt32
    var source: UInt32
  }

  /// Prepares the comparison of `flagged`, a journal, with the events of `input`.
  public init(
    flagged: RecordedRun, input: EventSource, rule: DecisionRule, model: UInt32,
    calibration: UInt32
  ) {
    self.flagged = flagged
    self.model = model
    self.calibration = calibration
    featureCount = input.featureCount
    threshold = rule.loosestThreshold
    streams = Set(
      (0..<input.eventCount).lazy.map { index in
        let identity =
          input.record(at: index).map(EventIdentity.init) ?? EventIdentity(rowOfFeatures: index)
        return Stream(run: identity.run, source: identity.source)
      })
  }

  /// The key of a flagged run's manifest that holds the prescale of the unbiased sample.
  public static let prescaleKey = "unbiased_prescale"

  /// The prescale of the unbiased sample: as the journal's manifest has it, or, while there is none,
  /// the weight of a record that was kept for no other reason; 0 where nothing was kept so.
  ///
  /// - Throws: `FileFault` for a damaged record, and where neither tells the prescale.
  public static func unbiasedPrescale(in flagged: RecordedRun) throws -> UInt32 {
    if case .integer(let stated) = flagged.manifest?.extras[prescaleKey] {
      return UInt32(clamping: stated)
    }
    var isSampled = false
    for index in 0..<flagged.recordCount {
      let record = try flagged.flaggedRecord(at: index)
      if record.reasons == .unbiased { return record.weight }
      if record.reasons.contains(.unbiased) { isSampled = true }
    }
    guard !isSampled else {
      throw FileFault(
        file: flagged.path, found: "records of the unbiased sample, and no word of its prescale",
        expected: "a manifest with \(prescaleKey)",
        remedy: "say the daemon's unbiased.prescale with --unbiased-prescale")
    }
    return 0
  }

  /// Compares the next event of the input.
  public mutating func check(
    _ event: OfflineEvent, features: UnsafeBufferPointer<Float>
  ) throws {
    eventCount += 1
    guard firstDifference == nil, let decision = event.decision else { return }
    if try isDeleted(event) {
      deletedCount += 1
      return
    }
    guard let found = try nextFlagged() else {
      firstDifference = "\(event.identity): to be flagged, but the journal ends before it"
      return
    }
    firstDifference = difference(event, decision, features, found)
    if firstDifference == nil { identicalCount += 1 }
  }

  /// Whether the record of an event to be flagged may have been deleted: it comes before the oldest
  /// that is left.
  private mutating func isDeleted(_ event: OfflineEvent) throws -> Bool {
    guard flagged.deleted.number > 0, identicalCount == 0 else { return false }
    let start = next
    guard let oldest = try nextFlagged() else { return true }
    next = start
    return EventIdentity(oldest.event) != event.identity
  }

  /// Says whether the journal holds more than the input explains. Call it after the last event.
  public mutating func finish() throws {
    guard firstDifference == nil, let surplus = try nextFlagged() else { return }
    firstDifference =
      "\(EventIdentity(surplus.event)): flagged as number \(surplus.number), but not to be flagged"
  }

  private mutating func nextFlagged() throws -> FlaggedRecordView? {
    while next < flagged.recordCount {
      let record = try flagged.flaggedRecord(at: next)
      next += 1
      if streams.contains(Stream(run: record.event.run, source: record.event.source)) {
        return record
      }
    }
    return nil
  }

  private func difference(
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
    if found.model != model { return differs("model", offline: model, online: found.model) }
    if found.calibration != calibration {
      return differs("calibration", offline: calibration, online: found.calibration)
    }
    if !sameBits(found.score, event.score) {
      return differs("score", offline: event.score, online: found.score)
    }
    if !sameBits(found.threshold, threshold) {
      return differs("threshold", offline: threshold, online: found.threshold)
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
