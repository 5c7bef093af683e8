internal import DurableFiles
package import EventRecords
package import RunFiles
internal import StrictJSON
internal import TriggerPipeline

/// The unbiased sample in a journal, and its prescale, as far as the journal tells it.
///
/// The weight of a record that the sample alone kept is the prescale. Where a working point kept the event,
/// too, the weight is the smaller prescale of the two: then `decisions.jsonl` tells, or the manifest.
package struct UnbiasedSample: Equatable, Sendable {
  /// Records of the sample, whatever else kept them.
  package private(set) var recordCount = 0
  /// The coarsest prescale that the sample had; 0 where there is none, or none is known.
  package private(set) var prescale: UInt32 = 0
  /// Records of the sample whose prescale nothing tells.
  package private(set) var untoldCount = 0

  /// No records.
  package init() {}

  /// Reads a journal, a run of flagged records, or a segment of one.
  ///
  /// - Throws: `FileFault` for a damaged record, unless those are left out; `SystemCallError`.
  package init(in run: RecordedRun, leavingOutDamaged: Bool = false) throws {
    var deciders = try RecordDeciders(journal: run.path)
    let stated = Self.manifestPrescale(of: run)
    for index in 0..<run.recordCount {
      let record: FlaggedRecordView
      do {
        record = try run.flaggedRecord(at: index)
      } catch {
        if leavingOutDamaged { continue }
        throw error
      }
      add(
        record.reasons, weight: record.weight,
        told: deciders.decider(ofNumber: record.number)?.unbiasedPrescale ?? stated)
    }
  }

  /// The prescale that a journal tells: that of its manifest, or else of its records and its
  /// `decisions.jsonl`; 0 where neither has any. Damaged records are left out.
  ///
  /// - Throws: `FileFault` where there is a sample, and nothing tells its prescale; `SystemCallError`.
  package static func prescale(toldBy run: RecordedRun) throws -> UInt32 {
    if let stated = manifestPrescale(of: run) { return stated }
    let sample = try UnbiasedSample(in: run, leavingOutDamaged: true)
    if sample.recordCount == 0 {
      return try RecordDeciders(journal: run.path).last?.unbiasedPrescale ?? 0
    }
    guard sample.prescale == 0 else { return sample.prescale }
    throw FileFault(
      file: run.path,
      found:
        "records of the unbiased sample, all of which a working point kept, too, and no word of its "
        + "prescale",
      expected: "\(decisionsFileName), or a manifest with \(DecisionRule.unbiasedPrescaleKey)",
      remedy: "say the daemon's unbiased.prescale with --unbiased-prescale")
  }

  /// Counts a record; `told` is the prescale that the journal states for it.
  package mutating func add(_ reasons: FlagReasons, weight: UInt32, told: UInt32? = nil) {
    guard reasons.contains(.unbiased) else { return }
    recordCount += 1
    let known = reasons == .unbiased ? weight : told ?? 0
    if known == 0 { untoldCount += 1 }
    prescale = max(prescale, known)
  }

  /// What the manifest says, which the last process wrote.
  package static func manifestPrescale(of run: RecordedRun) -> UInt32? {
    guard case .number(let text) = run.manifest?.extras[DecisionRule.unbiasedPrescaleKey],
      let stated = Int64(text)
    else { return nil }
    return UInt32(clamping: stated)
  }
}
