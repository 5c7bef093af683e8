internal import Calibration
internal import Drift
internal import DurableFiles
internal import EventRecords
internal import RateControl
internal import ScoreEngine
internal import ScoreModel

/// A model and its calibration, made ready before the first event sees them: a scorer for every
/// worker, the decision rule, and the origin that flagged records carry.
///
/// One generation decides all records of a stretch of the stream. Making a generation allocates
/// memory and reads all weights once; using it allocates nothing.
final class ModelGeneration: @unchecked Sendable {
  // Unchecked: scorers belong to the worker of their index; the rest is constant, or looks after
  // itself.

  let facts: GenerationFacts
  let rule: DecisionRule
  let origin: FlaggedOrigin
  /// One for each worker.
  let scorers: [EventScorer]
  /// In the order of the rule's routes.
  let counters: [WorkingPointCounters]
  /// Of each two of them.
  let overlaps: OverlapCounters
  let shadow: Shadow?
  let calibration: TriggerCalibration
  /// Which rates are held.
  let control: RateControlPlan
  /// How rare the scores of flagged records are.
  let rarity: RecordRarity
  /// Bit i: working point i is of the low side.
  let quietPoints: UInt16
  /// Compares the stream with the calibration's background. The deciding thread notes, the
  /// supervising thread evaluates.
  let drift: DriftMonitor
  /// Whether a drift check that holds rate control is out of bounds: the supervising thread sets it.
  let isDrifting = AtomicCounter()

  /// The model and calibration that score beside the live ones.
  struct Shadow {
    let rule: DecisionRule
    let scorers: [EventScorer]
  }

  /// 1 for the first, one more for every switch.
  var number: Int { facts.number }

  /// Prepares `loaded`. Scorers are warmed up, so that the first event finds code, weights and
  /// buffers where they are fast.
  ///
  /// - Throws: `FileFault` where screened precision is asked for and the files do not support it;
  ///   `GenerationRefusal` for too many names of working points.
  init(
    _ loaded: LoadedGeneration, number: Int, settings: PipelineSettings, points: WorkingPointTable
  ) throws {
    let model = loaded.model
    let calibration = loaded.calibration.calibration
    control = try RateControlPlan(loaded.rateControl, calibration: calibration)
    let precision = try loaded.calibration.precision(
      isScreened: settings.isScreened, model: model, instructionSet: loaded.instructionSet,
      loosestThreshold: control.lowestThreshold(of: calibration))
    guard let counters = points.counters(of: calibration.workingPoints.map(\.name)) else {
      throw GenerationRefusal(
        description:
          "\(loaded.calibration.path): working points with names that are new to a daemon "
          + "that has had \(WorkingPointTable.nameCountMax) already; name them as before, or "
          + "restart the daemon")
    }
    self.counters = counters
    overlaps = OverlapCounters(counters)
    self.calibration = calibration
    var driftSettings = settings.drift
    driftSettings.movingPoints = Set(loaded.rateControl.points.map(\.name))
    rarity = RecordRarity(calibration)
    quietPoints = calibration.workingPoints.enumerated().reduce(0) {
      $1.element.side == .low ? $0 | 1 << UInt16($1.offset) : $0
    }
    drift = DriftMonitor(
      calibration: calibration, featureNames: model.model.featureNames,
      featureCount: model.model.shape.featureCount, settings: driftSettings)
    rule = DecisionRule(calibration, unbiasedPrescale: settings.unbiasedPrescale).with(
      prescales: try PrescaleTable(
        loaded.prescales, file: loaded.configurationFile, calibration: calibration))
    origin = FlaggedOrigin(
      instance: settings.instance, model: model.sha256.prefix,
      calibration: loaded.calibration.sha256.prefix)
    scorers = makeScorers(precision, settings)
    shadow = try loaded.shadow.map { shadow in
      let precision = try shadow.calibration.precision(
        isScreened: settings.isScreened, model: shadow.model,
        instructionSet: loaded.instructionSet)
      return Shadow(
        rule: DecisionRule(shadow.calibration.calibration, unbiasedPrescale: 0),
        scorers: makeScorers(precision, settings))
    }
    facts = GenerationFacts(
      number: number, inForceSinceNs: settings.clock.realtimeNs, modelPath: model.path,
      modelSHA256: "\(model.sha256)", calibrationPath: loaded.calibration.path,
      calibrationSHA256: "\(loaded.calibration.sha256)",
      points: calibration.workingPoints.enumerated().map { index, point in
        PointInForce(
          name: point.name, targetFPR: point.targetFPR.value,
          threshold: calibration.loosestThreshold(ofPoint: index),
          highestThreshold: calibration.conditionBins?.row(ofPoint: index).max(),
          prescale: point.prescale, fprInterval: point.fprInterval, side: point.side)
      },
      featureNames: model.model.featureNames, screenMargin: precision.screening?.margin,
      shadow: loaded.shadow.map {
        GenerationFacts.Shadow(
          modelSHA256: "\($0.model.sha256)", calibrationSHA256: "\($0.calibration.sha256)")
      })
  }
}

/// One warm scorer for each worker.
private func makeScorers(
  _ precision: ScoringPrecision, _ settings: PipelineSettings
) -> [EventScorer] {
  let scorers = (0..<max(1, settings.workers)).map { _ in
    EventScorer(precision, batchMax: settings.batchMax)
  }
  let featureCount = precision.network.featureCount
  let stride = featureCount * MemoryLayout<Float>.stride
  let zeros = [Float](repeating: 0, count: settings.batchMax * featureCount)
  var scores = [Float](repeating: 0, count: settings.batchMax)
  var attributions = zeros
  zeros.withUnsafeBytes { events in
    guard let events = events.baseAddress else { return }
    for scorer in scorers {
      for count in [1, settings.batchMax] {
        _ = scorer.score(
          events: events, eventStride: stride, count: count, isSampled: nil, scores: &scores,
          attributions: &attributions, attributionStride: stride)
      }
    }
  }
  return scorers
}
