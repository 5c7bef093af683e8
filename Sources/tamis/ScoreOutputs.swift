internal import EventRecords
internal import Offline
internal import RunFiles
internal import StrictJSON
internal import TriggerPipeline

/// The files that `tamis score` writes. They appear under their names when all is scored.
final class ScoreOutputs {
  private let scores: NumpyWriter?
  private let attributions: NumpyWriter?
  private let flagged: RunWriter?
  private var maker: OfflineFlagged?
  private let input: EventSource
  private let decisions: OfflineDecisions?
  private let features: UnsafeMutableBufferPointer<Float>
  private let record: UnsafeMutableRawBufferPointer

  /// Begins the files that are asked for. `maker` makes the flagged records; `decisions` states what
  /// decided them.
  init(
    _ input: EventSource, scores: String?, attributions: String?, flagged: String?,
    maker: OfflineFlagged?, decidedBy decisions: OfflineDecisions?, replacing: Bool
  ) throws {
    let width = input.featureCount
    self.scores = try scores.map { try NumpyWriter($0, replacing: replacing) }
    self.attributions = try attributions.map {
      try NumpyWriter($0, columnCount: width, replacing: replacing)
    }
    self.flagged = try flagged.map {
      try RunWriter(
        folder: $0, kind: .flagged, featureCount: width, featureNames: input.featureNames,
        replacing: replacing, unfinished: .isDiscarded)
    }
    self.maker = maker
    self.input = input
    self.decisions = decisions
    features = .allocate(capacity: width)
    record = .allocate(byteCount: FlaggedRecord.byteCount(featureCount: width), alignment: 64)
  }

  deinit {
    maker?.deallocate()
    features.deallocate()
    record.deallocate()
  }

  /// Writes one event.
  func append(_ event: OfflineEvent) throws {
    try scores?.append([event.score])
    try attributions?.append(event.attributions)
    guard event.decision != nil, let flagged, let row = features.baseAddress,
      let base = record.baseAddress
    else { return }
    input.copyFeatures(of: event.index..<event.index + 1, into: row)
    if maker?.encode(event, features: UnsafeBufferPointer(features), into: base) == true {
      try flagged.append(records: UnsafeRawBufferPointer(record))
    }
  }

  /// Makes the files whole.
  func finish() throws {
    // The run first: it still needs room on the disk, the arrays only get their names.
    if let flagged, let decisions {
      try decisions.write(in: flagged.folder)
      try flagged.finish(
        extras: [DecisionRule.unbiasedPrescaleKey: .integer(decisions.rule.unbiasedPrescale)])
    }
    try scores?.commit()
    try attributions?.commit()
  }
}
