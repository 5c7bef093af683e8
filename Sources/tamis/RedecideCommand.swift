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

/// `tamis redecide`.
struct RedecideCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "redecide",
    abstract: "Say what another model and calibration would have kept of a journal.",
    discussion: """
      Scores the events of a journal again with a new pair, before a reload makes it live. The \
      unbiased sample tells the rate of each working point, old and new, with its exact interval. \
      All records together tell how many events of the stream both keep, the old pair alone, and \
      the new pair alone: every record counts by its weight, the number of events that it stands \
      for. Events that the old pair did not keep are known from the sample alone, so that their \
      counts have wide intervals.

      In the table both, only old and only new are numbers of events of the stream with their intervals, and \
      no interval where the number is exact. any is of all working points together.

      Working points are matched by name where --old-calibration names the file that decided, and \
      by their place otherwise. An old point that the new calibration does not have then has the name \
      "old point" and its place, from 0. The old file also tells what fired and was prescaled away. \
      Where rate_control had moved thresholds, or prescales went by section or time, the journal's \
      decisions.jsonl tells what held at each record.

      --prescales names the configuration of tamisd that will have the new pair, for what its prescales \
      by section or time would keep. Without it the new calibration's prescales hold; and where the \
      journal's last decisions went by such a table, `kept` is not known.

      Examples:
        tamis redecide /var/lib/tamis/journal --model new.safetensors \\
          --calibration new.json --old-calibration calibration.json
        tamis redecide journal --model model.safetensors --calibration tighter.json \\
          --json
      """)

  @Argument(
    help: "Journals, their segments, or runs of flagged records.",
    completion: .file())
  var journal: [String]

  @Option(help: "The new model.", completion: .file())
  var model: String

  @Option(help: "The new calibration.", completion: .file())
  var calibration: String

  @Option(help: "The calibration that decided.", completion: .file())
  var oldCalibration: String?

  @Option(help: "Confidence of the intervals. Default: the new calibration's.")
  var confidence: Double?

  @OptionGroup var prescaling: PrescaleOptions
  @OptionGroup var engine: EngineOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    try checkProbability("--confidence", confidence)
  }

  func run() throws {
    let loaded = try openModel(model)
    let matched = try MatchedCalibration(path: calibration, model: loaded)
    let old = try oldCalibration.map { try TriggerCalibration.load($0) }
    try refuseRepeats(of: journal)
    let source = try openEvents(journal)
    for (index, input) in source.inputs.enumerated() {
      guard input.eventCount == 0 || input.flaggedRecord(at: 0) != nil else {
        throw FileFault(
          file: journal[index], found: "recorded events",
          expected: "a journal or a run of flagged records",
          remedy: "for recorded events use tamis score --calibration")
      }
    }
    try checkFeatures(of: source, fit: loaded)
    guard source.eventCount > 0 else {
      throw FileFault(file: journal[0], found: "no records", expected: "at least one")
    }
    let flagged = (0..<source.eventCount).lazy.compactMap { source.flaggedRecord(at: $0) }
    if let old, !flagged.contains(where: { $0.calibration == old.sha256.prefix }) {
      throw FileFault(
        file: old.path, found: "a calibration that decided no record of \(journal[0])",
        expected: "the one that did, whose SHA-256 begins with that of the records",
        remedy: "decisions.jsonl of the journal has the hashes; or leave --old-calibration out")
    }
    if old == nil {
      complain(
        "working points are matched by their place, whatever their names were; to match them by name give "
          + "--old-calibration")
    }
    let histories = try journal.map { try RecordDeciders(journal: $0) }
    for note in histories.flatMap(\.notes) { complain("warning: \(note)") }
    let knowsKept = prescaling.prescales != nil || !histories.contains { $0.endsWithTable }
    if !knowsKept {
      complain(
        "what the new pair keeps after its prescales is not known: the journal's last decisions went by "
          + "prescales by section or time; name the configuration with --prescales")
    }
    let samples = try journal.map { try UnbiasedSample(in: RecordedRun($0)) }
    let tally = try redecide(
      source, loaded: loaded, matched: matched, old: old,
      pairs: pairs(
        old: old?.calibration, new: matched.calibration,
        recorded: flagged.reduce(0) { $0 | $1.workingPoints }),
      samplePrescale: samples.map(\.prescale).max() ?? 0,
      histories: histories)
    var facts = Facts()
    facts.add(
      tally, sampledCount: samples.reduce(0) { $0 + $1.recordCount },
      report: RedecisionReport(
        tally: tally, confidence: confidence ?? matched.calibration.confidence,
        prescales: matched.calibration.workingPoints.map(\.prescale), knowsKept: knowsKept))
    facts.print(asJSON: output.json)
  }

  private func redecide(
    _ source: EventSource, loaded: LoadedModel, matched: MatchedCalibration,
    old: LoadedCalibration?, pairs: [Redecision.Pair], samplePrescale: UInt32,
    histories: [RecordDeciders]
  ) throws -> Redecision {
    var histories = histories
    let oldPrescales = RecordDeciders.prescales(
      of: old.map { ("\($0.sha256)", $0.calibration.workingPoints.map(\.prescale)) },
      in: histories)
    var tally = Redecision(
      rule: DecisionRule(matched.calibration, unbiasedPrescale: 0)
        .with(prescales: try prescaling.table(for: matched.calibration)),
      pairs: pairs,
      samplePrescale: samplePrescale,
      old: old.map {
        (DecisionRule($0.calibration, unbiasedPrescale: 0), $0.sha256.prefix)
      }, oldPrescales: oldPrescales)
    var progress = ProgressLine()
    let trigger = try OfflineTrigger(matched, of: loaded, engine: engine)
    try trigger.scoreChunks(of: source) { range, scores, _, _ in
      for (index, score) in zip(range, scores) {
        guard let record = source.flaggedRecord(at: index) else { continue }
        let decider = histories[source.place(of: index).input].decider(ofNumber: record.number)
        tally.add(record, score: score, factors: decider?.factors ?? [])
      }
      progress.show("redecide \(range.upperBound) of \(source.eventCount) records")
    }
    progress.finish()
    return tally
  }

  /// New points in their order, then the old ones that are gone. Without the old calibration the place
  /// is all that is known; places that only the records have (`recorded`, by bits) are old points without
  /// a name.
  private func pairs(
    old: TriggerCalibration?, new: TriggerCalibration, recorded: UInt16
  ) -> [Redecision.Pair] {
    guard let old else {
      let known = new.workingPoints.enumerated().map {
        Redecision.Pair(name: $1.name, old: $0, new: $0)
      }
      let gone = (known.count..<UInt16.bitWidth).filter { recorded >> UInt16($0) & 1 == 1 }
      return known + gone.map { Redecision.Pair(name: "old point \($0)", old: $0, new: nil) }
    }
    let found = new.workingPoints.enumerated().map { index, point in
      Redecision.Pair(
        name: point.name, old: old.workingPoints.firstIndex { $0.name == point.name }, new: index)
    }
    let gone = old.workingPoints.enumerated().filter { _, point in
      !new.workingPoints.contains { $0.name == point.name }
    }
    return found + gone.map { Redecision.Pair(name: $1.name, old: $0, new: nil) }
  }
}

extension Facts {
  /// What is known of a sample whose prescale is not.
  private static func untold(_ sampledCount: Int) -> String {
    "\(counted(sampledCount, "record")), all of which a working point kept, too, and nothing here that tells "
      + "its prescale: give the whole journal, with decisions.jsonl or manifest.json"
  }

  /// Adds what was redecided.
  fileprivate mutating func add(
    _ tally: Redecision, sampledCount: Int, report: RedecisionReport
  ) {
    let total = tally.total
    add("records", .integer(total.records))
    add("not_scorable", .integer(total.notScorable))
    add(
      "simulated", .integer(tally.simulated),
      line: tally.simulated == 0 ? "" : "simulated, left out: \(tally.simulated)")
    add(
      "unbiased_prescale", .integer(Int(tally.samplePrescale)),
      line: tally.samplePrescale > 0
        ? "unbiased sample: \(total.sampled) events of one in \(tally.samplePrescale)"
        : "unbiased sample: " + (sampledCount == 0 ? "none" : Self.untold(sampledCount))
          + "; rates, and what the new pair alone keeps, are not known")
    add("sampled", .integer(total.sampled), line: "")
    add("stream_events", .real(total.stream), line: "")
    add("confidence", .real(report.confidence))
    add(
      "working_points", .array(report.points(of: total)),
      line: report.table(of: total))
    let runs = tally.runs.sorted { $0.key < $1.key }
    let shown = runs.suffix(RedecisionReport.runsShown)
    var lines = shown.map { "run \($0.key)\n" + report.table(of: $0.value) }
    if runs.count > shown.count {
      lines.insert("\(runs.count - shown.count) earlier runs: with --json", at: 0)
    }
    add(
      "runs",
      .array(
        runs.map { run, counts in
          .object([
            "run": .integer(run), "records": .integer(counts.records),
            "not_scorable": .integer(counts.notScorable), "sampled": .integer(counts.sampled),
            "stream_events": .real(counts.stream),
            "working_points": .array(report.points(of: counts)),
          ])
        }), line: runs.count > 1 ? lines.joined(separator: "\n") : "")
  }
}
