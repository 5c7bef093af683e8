internal import Analysis
internal import ArgumentParser
internal import CommandFrame
internal import DurableFiles
internal import EventRecords
internal import NumberText
internal import RunFiles
internal import ScoreEngine
internal import ScoreModel
internal import StrictJSON
internal import TriggerPipeline

/// `tamis explain`.
struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Say which features make an event strange.",
    discussion: """
      Each feature has an attribution, and the attributions sum to the event's score. They are \
      shown by name, in all and level by level, as numbers and as shares. A further figure tells \
      how far the levels agree: where they do not, an attribution depends on the noise level as \
      much as on the event. Without --event the event with the highest score is explained, and the \
      mean shares over all events are added.

      A row has the feature's value in the unit of the input; its attribution, which has no unit, as the score \
      has none; the share of the score; the share of each level's part of the score; and by distance, the part \
      of the attribution that the distance to the nearest training event gives, where the model has one. \
      The text rounds to four digits; --json has all.

      With a --calibration that has a quiet working point, an event whose score is below its threshold \
      is also explained against the background: from each attribution its mean over background is \
      taken away. A negative difference says what is missing.

      With --calibration the event's background rate is shown: the share of background events with \
      a score at least as high, with its interval. Beyond the largest score that the calibration \
      has seen, the rate comes from a fitted tail, and the output says that. With --events-per-second a \
      rate of false alarms is shown too. A flagged record is shown with its number and, without \
      --calibration, with the rate that it carries.

      Examples:
        tamis explain --model model.safetensors --input flagged.run
        tamis explain --model model.safetensors --input events.npy --event 17 \\
          --top 5 --svg event17.svg
        tamis explain --model model.safetensors --calibration calibration.json \\
          --input journal --event 3 --events-per-second 40000
      """)

  @Option(help: "The model file.", completion: .file())
  var model: String

  @Option(
    parsing: .upToNextOption, help: "EVENTS: runs, segments or .npy files.", completion: .file())
  var input: [String]

  @Option(
    help: """
      The event's place in the input, from 0: record number 7 of a whole journal is --event 6.
      """)
  var event: Int?

  @Option(help: "How many features to show, the largest attributions first.")
  var top = 10

  @Option(help: "The calibration file, whose levels are then used.", completion: .file())
  var calibration: String?

  @Option(help: "Events a second of the stream, for the rate of false alarms.")
  var eventsPerSecond: Double?

  @Option(help: "A file for the bars as SVG.", completion: .file())
  var svg: String?

  @OptionGroup var scoring: ScoringOptions
  @OptionGroup var engine: EngineOptions
  @OptionGroup var replace: ReplaceOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    try check("--top", top, in: 1...)
    try check("--event", event, in: 0...)
    if let eventsPerSecond, !(eventsPerSecond > 0 && eventsPerSecond < .infinity) {
      throw ValidationError(
        "--events-per-second is a number above 0, not \(eventsPerSecond)")
    }
    try scoring.validate(besideCalibration: calibration != nil)
  }

  /// More features than an event has cannot be shown.
  func shownCount(_ featureCount: Int) -> Int { min(top, featureCount) }

  func run() throws {
    var outputs = Outputs()
    outputs.file("--svg", svg)
    try outputs.check(inputs: input + [model, calibration], replacing: replace.force)
    let loaded = try openModel(model)
    let source = try openEvents(input)
    try checkFeatures(of: source, fit: loaded)
    let rows = EventRows(source, name: "input")
    let matchedCalibration = try calibration.map { try MatchedCalibration(path: $0, model: loaded) }
    let explainer = EventExplainer(
      model: loaded.model,
      scoring: try matchedCalibration?.scoring(of: loaded.model)
        ?? scoring.scoring(of: loaded.model),
      instructionSet: try InstructionSet.selected())
    let names =
      loaded.model.featureNames ?? source.featureNames
      ?? (0..<rows.featureCount).map { "feature \($0)" }
    let place = try chosenEvent(rows, explainer)
    let explanations = try explainer.explain([place], of: rows)
    guard let explanation = explanations.first else { return }
    if !explanation.isScored { try refuse(explanation, names: names) }
    // The view of the record holds only while the source lives.
    let (carried, number) = withExtendedLifetime(source) {
      let record = source.flaggedRecord(at: place)
      return (record.map { (rate: $0.backgroundRate, reasons: $0.reasons) }, record?.number)
    }
    var facts = facts(
      explanation, names: names, identity: identity(of: place, in: source), number: number)
    addQuiet(to: &facts, explanation, names: names, calibration: matchedCalibration?.calibration)
    addRarity(
      to: &facts, explanation, carried: carried, calibration: matchedCalibration?.calibration)
    if event == nil { try addMeans(to: &facts, rows, explainer, names: names) }
    if let svg {
      let picture = explanation.svgFile(names: names, top: shownCount(names.count))
      try ReplacedFile.write(picture.utf8, to: svg, replacing: replace.force)
      facts.add("written", .string(svg))
    }
    facts.print(asJSON: output.json)
  }

  /// The event that was asked for, or the one with the highest score.
  private func chosenEvent(_ rows: EventRows, _ explainer: EventExplainer) throws -> Int {
    let file = input[0]
    guard rows.count > 0 else {
      throw FileFault(file: file, found: "no events", expected: "at least one")
    }
    if let event {
      guard event < rows.count else {
        throw FileFault(
          file: file, found: counted(rows.count, "event"),
          expected: "an event \(event)", remedy: "--event is 0 to \(rows.count - 1) here")
      }
      return event
    }
    let scores = try explainer.scores(
      of: rows, workers: engine.workerCount, batchMax: engine.batch)
    let beyond = scores.indices.filter { scores[$0].isInfinite }
    if let first = beyond.first {
      complain(
        "\(file): \(counted(beyond.count, "event")) with a score beyond float32, the first is event \(first): "
          + "such a score cannot be explained; this is the highest finite one")
    }
    guard
      let strangest = scores.indices.filter({ scores[$0].isFinite }).max(by: {
        (scores[$0], $1) < (scores[$1], $0)
      })
    else {
      throw FileFault(
        file: file, found: "no event with a finite score among \(rows.count)",
        expected: "events whose features are finite")
    }
    return strangest
  }

  /// Says which features keep an event from having a score.
  private func refuse(_ explanation: EventExplanation, names: [String]) throws {
    let damaged = names.indices.filter { !explanation.features[$0].isFinite }
    let list = damaged.prefix(5).map { "\(names[$0]) \(explanation.features[$0])" }
    throw FileFault(
      file: input[0], place: "event \(explanation.event)",
      found: damaged.isEmpty
        ? "a score of \(explanation.score)" : "features \(list.joined(separator: ", "))",
      expected: "finite features and a finite score; nothing else can be explained")
  }

  private func identity(of event: Int, in source: EventSource) -> String? {
    source.record(at: event).map { "\(EventIdentity($0))" }
  }

  private func facts(
    _ explanation: EventExplanation, names: [String], identity: String?, number: UInt64?
  ) -> Facts {
    let agreement = LevelAgreement(explanation, top: shownCount(names.count))
    guard
      case .object(let object) = explanation.json(names: names, top: top, agreement: agreement)
    else { return Facts() }
    var facts = Facts()
    for member in object.members {
      facts.add(
        member.name, member.value,
        line: text(member.name, explanation, names: names, agreement: agreement))
      if member.name == "event" {
        if let identity { facts.add("identity", .string(identity)) }
        if let number { facts.add("number", .integer(number), line: "record number: \(number)") }
      }
    }
    return facts
  }

  /// The text of a member; nil for its plain form, "" for none.
  private func text(
    _ member: String, _ explanation: EventExplanation, names: [String], agreement: LevelAgreement
  ) -> String? {
    switch member {
    case "features": table(explanation, names: names)
    case "levels":
      explanation.levels.map {
        "level \($0.level): sigma \(short(Double($0.sigma))), weight \(short(Double($0.weight))), "
          + "\(short($0.sum)) of the score"
      }.joined(separator: "\n") + (distanceText(explanation) ?? "")
    case "agreement": agreementText(agreement)
    default: nil
    }
  }

  /// The share of the distance to the nearest training event in the score; nil where it is no part of
  /// the score.
  private func distanceText(_ explanation: EventExplanation) -> String? {
    explanation.distance.map { distance in
      let sum = distance.reduce(0.0) { $0 + Double($1) }
      let share = short(100 * sum / Double(explanation.score))
      return "\ndistance: \(short(sum)) of the score (\(share) %)"
    }
  }

  /// Features as rows. The columns are value, attribution, share of the score, share within each level,
  /// and the contribution of the distance.
  private func table(_ explanation: EventExplanation, names: [String]) -> String {
    let shares = explanation.shares
    let levelShares = explanation.levels.map(\.shares)
    var rows = [
      ["feature", "value", "attribution", "of the score"]
        + explanation.levels.map { "of level \($0.level)" }
        + (explanation.distance == nil ? [] : ["by distance"])
    ]
    func percent(_ share: Double?) -> String { share.map { "\(short(100 * $0)) %" } ?? "none" }
    for feature in explanation.ranking.prefix(top) {
      rows.append(
        [
          names[feature], short(Double(explanation.features[feature])),
          short(Double(explanation.attributions[feature])), percent(shares?[feature]),
        ] + levelShares.map { percent($0?[feature]) }
          + (explanation.distance.map { [short(Double($0[feature]))] } ?? []))
    }
    return alignedColumns(rows)
  }

  private func agreementText(_ agreement: LevelAgreement) -> String {
    agreement.pairs.map { pair in
      let shared = Int((pair.overlap * Double(agreement.top)).rounded())
      return "levels \(pair.first) and \(pair.second): \(shared) of the first \(agreement.top) "
        + "features shared, rank correlation \(pair.rankCorrelation.map { short($0) } ?? "none")"
    }.joined(separator: "\n")
  }

  private func addMeans(
    to facts: inout Facts, _ rows: EventRows, _ explainer: EventExplainer, names: [String]
  ) throws {
    let (shares, count) = try explainer.meanShares(
      of: rows, workers: engine.workerCount, batchMax: engine.batch)
    let largest = names.indices.sorted { (shares[$0], $1) > (shares[$1], $0) }.prefix(top)
    facts.add("events", .integer(rows.count), line: "")
    facts.add("explained_events", .integer(count), line: "")
    facts.add(
      "mean_shares",
      .array(
        largest.map {
          .object([
            "feature": .integer($0), "name": .string(names[$0]), "share": .real(shares[$0]),
          ])
        }),
      line: "mean shares of \(count) of \(counted(rows.count, "event")): "
        + largest.map { "\(names[$0]) \(short(100 * shares[$0])) %" }.joined(separator: ", "))
  }
}
