internal import DurableFiles
internal import EventRecords
internal import NumberText
package import RunFiles
internal import TriggerPipeline

/// The events that a calibration is made from: those of recorded runs and arrays, or the unbiased
/// sample of flagged journals.
///
/// A journal holds events that fired beside events that were sampled. Only the sample is
/// representative of the stream: the records with the reason `unbiased`, whatever other reasons
/// they have. Each of them was included with a probability of one over the prescale of the sample,
/// also when it fired and its `weight` is the smaller prescale of a working point. They all count
/// the same. Where the prescale changed within a journal, the sample is thinned to the coarsest
/// prescale. All prescales look at one hash: the thinned sample is exactly the one that the
/// coarsest prescale would have taken everywhere.
///
/// Events that their sender marked as simulated are left out, where there are others.
package struct BackgroundEvents: Sendable {
  /// The records of an input that are not among the events, by cause.
  package struct LeftOut: Equatable, Sendable {
    /// Flagged records that are not in the unbiased sample.
    package var notSampled = 0
    /// Records that a finer prescale sampled, and the coarsest would not have.
    package var thinned = 0
    /// Records that their sender marked as tainted.
    package var tainted = 0
    /// Records that their sender marked as simulated, beside others that it did not.
    package var simulated = 0
    /// Records with the run, source, sequence and event number of an earlier record of a journal.
    package var repeated = 0
  }

  /// The events, in input order.
  package let source: EventSource
  /// For each input of `source`, what was left out.
  package let leftOut: [LeftOut]
  /// The number of events of the stream that each event stands for; nil for recorded runs and
  /// arrays.
  package let unbiasedPrescale: UInt32?
  /// Whether all events are marked as simulated. They are then a simulated sample that stands for
  /// the background, and are taken.
  package let isAllSimulated: Bool

  /// Opens the inputs, which are all recorded events or all journals.
  ///
  /// - Parameter wantedPrescale: a prescale to thin journals to, at least the coarsest of theirs;
  ///   nil for that one.
  /// - Throws: `FileFault` for a mixture, for a journal without an unbiased sample, and for what
  ///   `EventSource` does not take.
  package init(paths: [String], thinnedTo wantedPrescale: UInt32? = nil) throws {
    let prescales = try paths.map { try SamplePrescale(path: $0) }
    try Self.refuseMixture(of: prescales)
    let journals = prescales.compactMap { $0 }
    let prescale = try journals.max { $0.coarsest < $1.coarsest }.map {
      try Self.prescale(wantedPrescale, coarsest: $0)
    }
    if journals.isEmpty, wantedPrescale != nil {
      throw FileFault(
        file: paths[0], found: "recorded events", expected: "a flagged journal to thin",
        remedy: "leave --unbiased-prescale out")
    }
    unbiasedPrescale = prescale
    let measured = try Self.open(paths, prescale: prescale, takesSimulated: false)
    let isEmpty = measured.source.eventCount == 0
    isAllSimulated = isEmpty && measured.leftOut.contains { $0.simulated > 0 }
    (source, leftOut) =
      isAllSimulated
      ? try Self.open(paths, prescale: prescale, takesSimulated: true) : measured
  }

  private static func open(
    _ paths: [String], prescale: UInt32?, takesSimulated: Bool
  ) throws -> (source: EventSource, leftOut: [LeftOut]) {
    var leftOut = [LeftOut](repeating: LeftOut(), count: paths.count)
    var seen: Set<EventIdentity> = []
    let source = try EventSource(paths: paths) { input, event, flagged in
      let way =
        !takesSimulated && event.kind == .event && event.flags.contains(.simulated)
        ? \LeftOut.simulated : wayOut(event, flagged, prescale: prescale, seen: &seen)
      guard let way else { return true }
      leftOut[input][keyPath: way] += 1
      return false
    }
    return (source, leftOut)
  }

  private static func refuseMixture(of prescales: [SamplePrescale?]) throws(FileFault) {
    guard let journal = prescales.lazy.compactMap({ $0 }).first,
      prescales.contains(where: { $0 == nil })
    else { return }
    throw FileFault(
      file: journal.path, found: "a flagged journal beside recorded events",
      expected: "one or the other",
      remedy: "an event of the journal's sample stands for \(journal.coarsest) of the stream, a "
        + "recorded one for itself: give recorded events or journals")
  }

  private static func prescale(
    _ wanted: UInt32?, coarsest: SamplePrescale
  ) throws(FileFault) -> UInt32 {
    if let wanted, wanted < coarsest.coarsest {
      throw FileFault(
        file: coarsest.path, found: "an unbiased sample of one in \(coarsest.coarsest)",
        expected: "one in \(wanted) or finer",
        remedy: "give --unbiased-prescale \(coarsest.coarsest) or more, or leave it out")
    }
    return wanted ?? coarsest.coarsest
  }

  /// The count of `LeftOut` for an event that is left out; nil where the event is taken.
  private static func wayOut(
    _ event: EventRecordView, _ flagged: FlaggedRecordView?, prescale: UInt32?,
    seen: inout Set<EventIdentity>
  ) -> WritableKeyPath<LeftOut, Int>? {
    // Control records are no events, and no loss.
    if event.kind != .event { return nil }
    if let flagged {
      if !flagged.reasons.contains(.unbiased) { return \.notSampled }
      let identity = EventIdentity(event)
      if !identity.prescaleHash.passes(prescale: prescale ?? 1) { return \.thinned }
      if !seen.insert(identity).inserted { return \.repeated }
    }
    return event.flags.contains(.tainted) ? \.tainted : nil
  }
}

/// The events of the inputs without those that their sender marked as simulated; all of them where
/// there are no others, since they then stand for the stream.
///
/// - Throws: what `EventSource` throws.
package func measuredEvents(paths: [String]) throws -> EventSource {
  let measured = try EventSource(paths: paths) { _, event, _ in !event.flags.contains(.simulated) }
  return measured.eventCount > 0 ? measured : try EventSource(paths: paths)
}

/// The coarsest prescale of the unbiased sample in a journal.
private struct SamplePrescale {
  let path: String
  let coarsest: UInt32

  /// Nil for recorded events and arrays.
  init?(path: String) throws {
    guard try !isNumpyFile(path) else { return nil }
    let run = try RecordedRun(path)
    guard run.kind == .flagged else { return nil }
    let sample = try UnbiasedSample(in: run)
    guard sample.recordCount > 0 else {
      throw FileFault(
        file: path,
        found: "\(counted(run.recordCount, "flagged record")), none of the unbiased sample",
        expected: "a journal with an unbiased sample",
        remedy: "set unbiased.prescale in the daemon's configuration and calibrate when enough "
          + "events were sampled")
    }
    guard sample.prescale > 0 else {
      throw FileFault(
        file: path,
        found:
          "\(counted(sample.recordCount, "record")) of the unbiased sample, all of which a working "
          + "point kept, too, and no word of the sample's prescale",
        expected: "a decisions.jsonl or a manifest.json that tells it",
        remedy: "give the whole journal, with these files")
    }
    self.path = path
    coarsest = sample.prescale
  }
}
