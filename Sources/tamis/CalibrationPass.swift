internal import Calibration
internal import DurableFiles
internal import EventRecords
internal import NumberText
internal import Offline
internal import RunFiles
internal import ScoreEngine
internal import ScoreModel

/// One pass over background events, in which `tamis calibrate` gathers their counts.
struct CalibrationPass {
  let loaded: LoadedModel
  let scoring: Scoring
  let background: BackgroundEvents
  let plan: CalibrationPlan
  let screenMargin: Double?
  let engine: EngineOptions
  /// The thresholds by condition that are wanted.
  var bins: ConditionBinRequest?
  /// How many of the lowest scores to keep; nil where no working point is of the low side.
  var lowestScoresKept: Int?

  /// Scores all events. `scoresKept` is the number of largest scores to keep.
  func part(scoresKept: Int, eventsTotal: Int?) throws -> CalibrationPart {
    let network = ScoringNetwork(
      model: loaded.model, scoring: scoring, instructionSet: try InstructionSet.selected())
    let events = background.source
    var tally = CalibrationTally(
      scoresKept: scoresKept, featureCount: events.featureCount,
      featureNames: loaded.model.featureNames)
    tally.quiet = lowestScoresKept.map {
      QuietTally(scoresKept: $0, featureCount: events.featureCount)
    }
    if bins != nil { tally.conditioned = ConditionedEvents() }
    var screen = ScreenComparison(model: loaded.model, network: network)
    var progress = ProgressLine()
    let trigger = OfflineTrigger(
      network: network, workers: engine.workerCount, batchMax: engine.batch)
    try trigger.scoreChunks(of: events, wantsAttributions: tally.quiet != nil) {
      range, scores, rows, attributions in
      tally.scores.add(scores)
      if let attributions { tally.quiet?.add(scores, attributions: attributions) }
      tally.histogram.add(scores)
      tally.features.add(rows)
      events.withConditions(of: range) {
        tally.conditions.add($0)
        tally.conditioned?.add(scores, conditions: $0)
      }
      screen.add(exact: scores, events: rows)
      progress.show("calibrate \(range.upperBound) of \(events.eventCount) events")
    }
    progress.finish()
    tally.screen = screen.accumulator
    tally.runs = runs
    var basis = CalibrationPart.Basis(
      modelSHA256: loaded.sha256, schema: loaded.model.schema, levels: scoring.levels,
      weights: scoring.weights, plan: plan, screenMargin: screenMargin,
      unbiasedPrescale: background.unbiasedPrescale)
    basis.bins = bins
    return CalibrationPart(
      basis: basis, tally: tally, eventsTotal: eventsTotal, screenRefusal: screen.refusal)
  }

  private var runs: [CalibrationRun] {
    zip(background.source.inputs, background.leftOut).map { input, leftOut in
      CalibrationRun(
        name: input.name, sha256: input.sha256(),
        run: input.runs.count == 1 ? input.runs.first : nil, eventCount: input.eventCount,
        unbiasedPrescale: background.unbiasedPrescale, taintedCount: leftOut.tainted)
    }
  }
}

extension BackgroundEvents {
  /// Notes on the inputs, and on their events that are left out.
  var notes: [String] {
    source.notes
      + zip(source.inputs, leftOut).flatMap { input, leftOut in
        var notes: [String] = []
        if let unbiasedPrescale {
          notes.append(
            "\(input.path): \(counted(input.eventCount, "event")) of the unbiased sample of one in "
              + "\(unbiasedPrescale); \(leftOut.notSampled) others left out")
        }
        if leftOut.thinned > 0 {
          notes.append(
            "\(input.path): \(counted(leftOut.thinned, "event")) left out of a finer sample, so that "
              + "all weigh the same")
        }
        if leftOut.simulated > 0 {
          notes.append(
            "\(input.path): \(leftOut.simulated) events that their sender had marked as simulated "
              + "left out")
        }
        if leftOut.tainted > 0 {
          notes.append(
            "\(input.path): \(counted(leftOut.tainted, "event")) left out, since their sender had "
              + "marked them as tainted")
        }
        if leftOut.repeated > 0 {
          notes.append(
            "\(input.path): \(counted(leftOut.repeated, "event")) left out, since an earlier record "
              + "has the same run, source and sequence")
        }
        return notes
      }
  }
}

extension EventSource {
  /// Calls `body` with the conditions of events `range`.
  fileprivate func withConditions(
    of range: Range<Int>, _ body: (UnsafeBufferPointer<Float>) -> Void
  ) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: range.count) { conditions in
      guard let base = conditions.baseAddress else { return }
      copyConditions(of: range, into: base)
      body(UnsafeBufferPointer(conditions))
    }
  }
}
