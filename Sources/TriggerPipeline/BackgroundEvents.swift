internal import DurableFiles
public import EventRecords

/// The events that a calibration is made from: those of recorded runs and arrays, or the unbiased
/// sample of flagged journals.
///
/// A journal holds what fired beside what was sampled, and only the sample says how the stream
/// looks: its records are those with the reason `unbiased`, whatever else kept them. Their
/// inclusion probability is one over the prescale of the sample, also of those that fired (whose
/// `weight` is the smaller one of another route), so they all weigh the same. Where the prescale
/// changed on the way, the sample is thinned to the coarsest: all prescales look at one hash, so what
/// passes the coarsest is exactly the sample that it would have taken everywhere.
public struct BackgroundEvents: Sendable {
  /// What of an input is not among the events.
  public struct LeftOut: Equatable, Sendable {
    /// Flagged records that the unbiased sample had not chosen.
    public var notSampled = 0
    /// Sampled by a finer prescale than the coarsest.
    public var thinned = 0
    /// Marked by their sender as tainted.
    public var tainted = 0
    /// The same run, source, sequence and event number as an earlier record of a journal.
    public var repeated = 0
  }

  /// The events, in input order.
  public let source: EventSource
  /// For each input of `source`, what was left out.
  public let leftOut: [LeftOut]
  /// Each event stands for so many of the stream; nil for recorded runs and arrays.
  public let unbiasedPrescale: UInt32?

  /// Opens the inputs, which are all recorded events or all journals.
  ///
  /// - Parameter wantedPrescale: a prescale to thin journals to, at least the coarsest of theirs;
  ///   nil for that one.
  /// - Throws: `FileFault` for a mixture, for a journal without an unbiased sample, and for what
  ///   `EventSource` does not take.
  public init(paths: [String], thinnedTo wantedPrescale: UInt32? = nil) throws {
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
    var leftOut = [LeftOut](repeating: LeftOut(), count: paths.count)
    var seen: Set<EventIdentity> = []
    source = try EventSource(paths: paths) { input, event, flagged in
      guard let way = Self.wayOut(event, flagged, prescale: prescale, seen: &seen) else {
        return true
      }
      leftOut[input][keyPath: way] += 1
      return false
    }
    self.leftOut = leftOut
    unbiasedPrescale = prescale
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

  /// Where an event is counted that is left out; nil where it is taken.
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

/// The prescales of the unbiased sample in a journal, as its records tell them: one that nothing
/// but the sample kept has its prescale as weight.
private struct SamplePrescale {
  let path: String
  let coarsest: UInt32

  /// Nil for recorded events and arrays.
  init?(path: String) throws {
    guard try !isNumpyFile(path) else { return nil }
    let run = try RecordedRun(path)
    guard run.kind == .flagged else { return nil }
    var coarsest: UInt32 = 0
    var sampledCount = 0
    try run.forEachFlaggedRecord { record in
      if record.reasons.contains(.unbiased) { sampledCount += 1 }
      if record.reasons == .unbiased { coarsest = max(coarsest, record.weight) }
    }
    guard sampledCount > 0, coarsest > 0 else {
      throw FileFault(
        file: path,
        found: "\(run.recordCount) flagged records, \(sampledCount) of the unbiased sample and "
          + "none that the sample alone kept",
        expected: "a journal with an unbiased sample that tells its prescale",
        remedy: "set unbiased.prescale in the daemon's configuration and calibrate when enough "
          + "events were sampled")
    }
    self.path = path
    self.coarsest = coarsest
  }
}
