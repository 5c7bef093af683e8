internal import ArgumentParser
internal import Calibration
internal import CommandFrame
internal import DurableFiles
internal import EventRecords
internal import NumberText
internal import Offline
internal import RunFiles
internal import ScoreModel
internal import StrictJSON
internal import TriggerPipeline

/// `tamis verify`.
struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Check that the daemon's flagged events are the offline ones, bit for bit.",
    discussion: """
      Scores the recording again and compares every decision, score, attribution and feature with \
      the journal. Where there is a difference the first one is printed, and the exit status is 1. \
      The prescale of the unbiased sample is read from the journal unless given.

      The journal's decisions.jsonl says which model and calibration decided which events. Events \
      that another pair decided (after a reload) are left out and counted, and the cap on a flood \
      is taken into account. --decided-only also leaves out events that the journal's ledger has \
      as missing: they were lost on the way, or with a daemon that was killed, or went to another \
      daemon. A ledger keeps the numbers that a daemon saw as at most 64 ranges. Where there were more, \
      it does not tell which of the first events were decided; those that have no record are then \
      counted, and not compared.

      Give all runs that the journal has, or some of them: records of others are counted. Where model \
      or calibration changed during a run that is not given, events near the change that have no \
      record may be of either side; they are counted, and not compared. Where nothing could be compared, \
      the verdict is nothing_compared, and the exit status 1.

      A run that was sent again has several takes in the journal. Each take is compared with the \
      recording: first one of each run of the input, then the further ones. Where the runs came in \
      another order, give each run alone.

      The sound part of a damaged journal is compared and the damage reported; the verdict is damaged. \
      Where records are missing since a segment is not there or was cut, their numbers are printed. The \
      verdict is incomplete where an event that this pair decided may have had one of them, and where the \
      journal has fewer records than its ledger says were kept. With damaged and incomplete the exit \
      status is 1.

      Examples:
        tamis verify --model model.safetensors --calibration calibration.json \\
          --input test.run --flagged journal
        tamis verify --model model.safetensors --calibration calibration.json \\
          --input test.run --flagged journal --decided-only
      """)

  @Option(help: "The model file that the daemon used.", completion: .file())
  var model: String

  @Option(help: "The calibration file that the daemon used.", completion: .file())
  var calibration: String

  @Option(
    parsing: .upToNextOption, help: "EVENTS as they were sent, in that order.",
    completion: .file())
  var input: [String]

  @Option(help: "The daemon's journal, or a run of flagged records.", completion: .file())
  var flagged: String

  @Option(help: "The daemon's unbiased.prescale. Default: the journal's.")
  var unbiasedPrescale: UInt32?

  @Flag(help: "Leave out events that the journal's ledger has as missing.")
  var decidedOnly = false

  @OptionGroup var engine: EngineOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let loaded = try TrainedModel.load(model)
    let events = try openEvents(input)
    try checkFeatures(of: events, fit: loaded)
    let matchedCalibration = try MatchedCalibration(path: calibration, model: loaded)
    // Before the journal: a daemon that runs enters records here after it has journaled them.
    let ledger = Result { try self.ledger }
    let journal = try RecordedRun(flagged)
    guard journal.kind == .flagged else {
      throw FileFault(
        file: flagged, found: "recorded events", expected: "a journal or a run of flagged records",
        remedy: "--flagged names what the daemon kept, --input what it was sent")
    }
    try checkFeatureCount(
      journal.featureCount, of: flagged, is: events.featureCount, of: input[0])
    let prescale = try unbiasedPrescale ?? UnbiasedSample.prescale(toldBy: journal)
    let rule = DecisionRule(matchedCalibration.calibration, unbiasedPrescale: prescale)
    let verifier = try compare(
      events, journal, rule: rule, loaded: loaded, matchedCalibration: matchedCalibration,
      ledger: try ledger.get())
    let verdict = Verdict(verifier, journal)
    facts(
      verifier, verdict, journal, prescale: prescale,
      pointNames: matchedCalibration.calibration.workingPoints.map(\.name)
    ).print(asJSON: output.json)
    for line in journal.damage { complain("warning: \(line)") }
    if !verifier.missing.isEmpty, !verifier.isIncomplete {
      complain(
        "warning: \(flagged): records are missing (missing); no event that this pair decided is known to "
          + "have had one of them")
    }
    if verifier.otherRecordCount > 0, verifier.identicalCount == 0, verdict.word != .different {
      complain(
        "warning: \(flagged) has no record of the input's runs that this pair decided, and "
          + "\(counted(verifier.otherRecordCount, "record")) of other runs; was the input sent under "
          + "another number (replay --as-run, --as-source)?")
    }
    if verdict.word != .identical { throw NegativeAnswer(description: "") }
  }

  private func facts(
    _ verifier: FlaggedVerifier, _ verdict: Verdict, _ journal: RecordedRun, prescale: UInt32,
    pointNames: [String]
  ) -> Facts {
    var facts = Facts()
    func add(_ name: String, ofAny count: Int, line: String? = nil) {
      if count > 0 { facts.add(name, .integer(count), line: line) }
    }
    facts.add("verify", .string(verdict.word.rawValue))
    facts.add("events", .integer(verifier.eventCount))
    facts.add("flagged", .integer(verifier.identicalCount))
    let points = zip(pointNames, verifier.keptByPoint)
    facts.add(
      "working_points",
      .array(
        points.map { name, kept in
          .object([
            "name": .string(name), "flagged": .integer(kept.flagged),
            "flagged_alone": .integer(kept.alone),
          ])
        }),
      line: points.map { name, kept in
        "\(name): \(kept.flagged) flagged, \(kept.alone) by it alone"
      }.joined(separator: "\n"))
    add("deleted_from_journal", ofAny: verifier.deletedCount)
    if verdict.isDamaged {
      facts.add("damaged_records", .integer(verifier.damagedRecordCount))
      facts.add("not_compared_for_damage", .integer(verifier.damagedCount))
    }
    if !verifier.missing.isEmpty {
      facts.add("missing", .array(verifier.missing.map { .string($0) }))
      if !verdict.isDamaged { add("not_compared_for_missing", ofAny: verifier.damagedCount) }
    }
    if verifier.takeCount > 1 { facts.add("takes", .integer(verifier.takeCount)) }
    facts.add(
      "unbiased_prescale", .integer(Int(prescale)),
      line: prescale == 0
        ? "unbiased sample: none" : "unbiased sample: one event in \(prescale)")
    add(
      "decided_by_other_arms", ofAny: verifier.foreignCount,
      line: "decided by another model or calibration: \(verifier.foreignCount)")
    if decidedOnly { facts.add("not_decided", .integer(verifier.undecidedCount)) }
    add("not_known_whether_decided", ofAny: verifier.uncertainCount)
    add("not_known_what_decided", ofAny: verifier.unplacedCount)
    add("records_of_other_runs", ofAny: verifier.otherRecordCount)
    if let difference = verifier.firstDifference, verdict.word == .different {
      facts.add("first_difference", .string(difference))
    }
    return facts
  }

  /// A prescale that the user gives holds for all.
  private var history: DecisionHistory? {
    get throws {
      guard let found = try DecisionHistory(journal: flagged) else { return nil }
      for note in found.notes { complain("warning: \(note)") }
      return unbiasedPrescale.map { found.with(unbiasedPrescale: $0) } ?? found
    }
  }

  /// The journal's ledger; nil where it has none and none is needed.
  private var ledger: StreamLedger? {
    get throws {
      if decidedOnly { return try StreamLedger(journals: [flagged]) }
      return try? StreamLedger(journals: [flagged])
    }
  }

  private func compare(
    _ events: EventSource, _ journal: RecordedRun, rule: DecisionRule, loaded: LoadedModel,
    matchedCalibration: MatchedCalibration, ledger: StreamLedger?
  ) throws -> FlaggedVerifier {
    for note in ledger?.notes ?? [] { complain("warning: \(note)") }
    var verifier = FlaggedVerifier(
      flagged: journal, input: events, rule: rule, model: loaded.sha256,
      calibration: matchedCalibration.sha256,
      rarity: RecordRarity(matchedCalibration.calibration), history: try history,
      ledger: ledger, decidedOnly: decidedOnly)
    let features = UnsafeMutableBufferPointer<Float>.allocate(capacity: events.featureCount)
    defer { features.deallocate() }
    var progress = ProgressLine()
    let trigger = try OfflineTrigger(matchedCalibration, of: loaded, engine: engine)
    repeat {
      try trigger.run(over: events, rule: nil) { event in
        progress.show("verify \(event.index + 1) of \(events.eventCount) events")
        if let row = features.baseAddress {
          events.copyFeatures(of: event.index..<event.index + 1, into: row)
        }
        verifier.check(event, features: UnsafeBufferPointer(features))
      }
    } while verifier.beginNextTake()
    verifier.finish()
    progress.finish()
    return verifier
  }
}

/// The result of the comparison.
private struct Verdict {
  enum Word: String {
    case different, damaged, incomplete, identical
    case nothingCompared = "nothing_compared"
  }

  let word: Word
  /// Whether the journal has damaged records or lines.
  let isDamaged: Bool
  init(_ verifier: FlaggedVerifier, _ journal: RecordedRun) {
    isDamaged =
      verifier.damagedRecordCount > 0 || !journal.damage.isEmpty || verifier.damagedLineCount > 0
    if verifier.firstDifference != nil, !verifier.isOfOthersAlone {
      word = .different
    } else if isDamaged {
      word = .damaged
    } else if verifier.isIncomplete {
      word = .incomplete
    } else {
      word =
        verifier.comparedCount == 0 || verifier.isOfOthersAlone ? .nothingCompared : .identical
    }
  }
}
