internal import BoundedNumbers
package import DurableFiles
internal import NumberText

/// A part with the file that it was read from.
package struct LoadedCalibrationPart: Sendable {
  /// The content.
  package let part: CalibrationPart
  /// The path as given.
  package let path: String

  /// Creates a part whose faults name `path`.
  package init(part: CalibrationPart, path: String) {
    self.part = part
    self.path = path
  }
}

extension CalibrationPart {
  /// The part of a single pass over all events of `parts`, whatever their order; at least one.
  ///
  /// - Throws: `FileFault` that names both of two parts that do not belong together or hold the
  ///   same events, and the part that has kept too few scores for the events of all.
  package static func merged(_ parts: [LoadedCalibrationPart]) throws(FileFault) -> CalibrationPart
  {
    precondition(!parts.isEmpty, "no parts were named")
    let first = parts[0]
    for other in parts.dropFirst() { try first.refuseOther(other) }
    try refuseRepeatedRuns(
      parts.flatMap { part in part.part.tally.runs.map { ($0, part.path) } })
    let eventCount = parts.map(\.part.tally.eventCount).saturatingSum
    guard eventCount <= TriggerCalibration.eventCountMax else {
      throw FileFault(
        file: first.path, place: "events", found: "\(eventCount) or more of all parts together",
        expected: "at most \(TriggerCalibration.eventCountMax)",
        remedy: "one of the parts was not made by tamis calibrate: see them with tamis inspect")
    }
    let needed = first.part.basis.plan.scoresNeeded(eventCountMax: eventCount)
    let lowNeeded = first.part.basis.plan.lowestScoresNeeded(eventCountMax: eventCount)
    for part in parts {
      try part.refuseTooFew(
        part.part.tally.scores, of: "largest", needed: needed, eventCount: eventCount)
      if let quiet = part.part.tally.quiet {
        try part.refuseTooFew(
          quiet.scores, of: "lowest", needed: lowNeeded, eventCount: eventCount)
      }
    }
    let features = first.part.tally.features
    // As many scores as every part has kept, so that a merged part may be merged with more.
    func kept(_ scores: [ThresholdAccumulator]) -> Int {
      scores.filter { !$0.keepsAll }.map(\.keptCount).min() ?? eventCount
    }
    var tally = CalibrationTally(
      scoresKept: kept(parts.map(\.part.tally.scores)), featureCount: features.featureCount,
      featureNames: features.names)
    let quiet = parts.compactMap(\.part.tally.quiet?.scores)
    if !quiet.isEmpty {
      tally.quiet = QuietTally(scoresKept: kept(quiet), featureCount: features.featureCount)
    }
    if first.part.basis.bins != nil { tally.conditioned = ConditionedEvents() }
    for part in parts { tally.merge(part.part.tally) }
    return CalibrationPart(
      basis: first.part.basis, tally: tally,
      eventsTotal: parts.compactMap(\.part.eventsTotal).min(),
      screenRefusal: parts.lazy.compactMap(\.part.screenRefusal).first)
  }

  /// Throws where two runs have the same content, naming the files that they come from.
  package static func refuseRepeatedRuns(
    _ runs: [(run: CalibrationRun, path: String)]
  ) throws(FileFault) {
    var seen: [SHA256Digest: (run: CalibrationRun, path: String)] = [:]
    for (run, path) in runs where run.eventCount > 0 {
      if let earlier = seen.updateValue((run, path), forKey: run.sha256) {
        throw FileFault(
          file: path, place: "run \(run.name)", found: "events with SHA-256 \(run.sha256)",
          expected: "other events than those of run \(earlier.run.name) in \(earlier.path)",
          remedy: "count every event once: leave one of the two out")
      }
    }
  }
}

extension LoadedCalibrationPart {
  /// Throws where `other` is not a part of the same calibration.
  fileprivate func refuseOther(_ other: LoadedCalibrationPart) throws(FileFault) {
    let (own, foreign) = (part.basis.facts, other.part.basis.facts)
    for (fact, expected) in zip(foreign, own) where fact.text != expected.text {
      throw FileFault(
        file: other.path, place: fact.name, found: fact.text,
        expected: "\(expected.text), as in \(path)",
        remedy: "make all parts with the same model and options"
          + (fact.name == "unbiased_prescale"
            ? "; --unbiased-prescale N thins journals to the same sample" : ""))
    }
    let (features, others) = (part.tally.features, other.part.tally.features)
    if features.featureCount != others.featureCount || features.names != others.names {
      throw FileFault(
        file: other.path, place: "features", found: counted(others.featureCount, "feature"),
        expected: "the \(counted(features.featureCount, "feature")) of \(path)")
    }
  }

  fileprivate func refuseTooFew(
    _ scores: ThresholdAccumulator, of end: String, needed: Int, eventCount: Int
  ) throws(FileFault) {
    guard !scores.keepsAll, scores.keptCount < needed else { return }
    let total = part.eventsTotal.map { ", enough for \(counted($0, "event")) in all" } ?? ""
    throw FileFault(
      file: path, place: "kept",
      found: "the \(scores.keptCount) \(end) of \(scores.scorableCount) scores\(total)",
      expected: "\(needed), as the parts have \(counted(eventCount, "event")) together",
      remedy: "make this part again with --events-total \(eventCount) or more, or without it")
  }
}

extension CalibrationPart.Basis {
  /// What must agree, as text for comparison and messages; equal texts are equal values.
  fileprivate var facts: [(name: String, text: String)] {
    func text(_ request: WorkingPointRequest) -> String {
      "\(request.name)=\(request.targetFPR) (\(request.guarantee.rawValue), prescale "
        + "\(request.prescale)\(request.side == .high ? "" : ", quiet"))"
    }
    func text(_ bins: ConditionBinRequest?) -> String {
      switch bins {
      case nil: "no thresholds by condition"
      case .count(let count): "--condition-bins \(count)"
      case .edges(let edges):
        "--condition-edges " + edges.map(\.description).joined(separator: ",")
      }
    }
    return [
      ("model_sha256", "the model with SHA-256 \(modelSHA256)"),
      ("schema", "features of schema \(schemaText(schema))"),
      ("levels", "levels \(levels)"), ("weights", "weights \(weights)"),
      ("working_points", plan.requests.map(text).joined(separator: ", ")),
      ("confidence", "confidence \(plan.confidence)"),
      (
        "allow_extrapolation",
        plan.allowsExtrapolation ? "--allow-extrapolation" : "no --allow-extrapolation"
      ),
      ("condition_bins", text(bins)),
      ("screen_margin", screenMargin.map { "screen margin \($0)" } ?? "the default screen margin"),
      (
        "unbiased_prescale",
        unbiasedPrescale.map { "a journal's unbiased sample of one in \($0)" } ?? "recorded events"
      ),
    ]
  }
}
