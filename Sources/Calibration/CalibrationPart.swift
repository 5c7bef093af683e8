package import DurableFiles

/// A calibration before its thresholds are set: the request, and the counts from one pass over
/// background events. Parts of many runs and machines merge into the part of a single pass over all
/// of them, to the bit.
package struct CalibrationPart: Sendable {
  /// The properties that parts must share to be merged.
  package struct Basis: Equatable, Sendable {
    /// SHA-256 of the model file.
    package var modelSHA256: SHA256Digest
    /// The features' schema; 0 where the model names none.
    package var schema: UInt32
    /// The scoring levels, in their order.
    package var levels: [Int]
    /// One weight for each level.
    package var weights: [Float]
    /// The working points asked for.
    package var plan: CalibrationPlan
    /// The screen margin asked for, or nil for the default one.
    package var screenMargin: Double?
    /// The number of events of the stream that each event of a journal's unbiased sample stands
    /// for. Nil for recorded events.
    package var unbiasedPrescale: UInt32?
    /// The thresholds by condition asked for; nil for none.
    package var bins: ConditionBinRequest?

    /// Creates a basis.
    package init(
      modelSHA256: SHA256Digest, schema: UInt32, levels: [Int], weights: [Float],
      plan: CalibrationPlan, screenMargin: Double?, unbiasedPrescale: UInt32?
    ) {
      precondition(!levels.isEmpty && levels.count == weights.count)
      self.modelSHA256 = modelSHA256
      self.schema = schema
      self.levels = levels
      self.weights = weights
      self.plan = plan
      self.screenMargin = screenMargin
      self.unbiasedPrescale = unbiasedPrescale
    }
  }

  /// The properties that all parts share.
  package var basis: Basis
  /// The counts from its events.
  package var tally: CalibrationTally
  /// The most events that all parts together may have, for which scores were kept; nil where all
  /// scores were.
  package var eventsTotal: Int?
  /// Why the model has no screen, or nil where it has one.
  package var screenRefusal: String?

  /// Creates a part.
  package init(
    basis: Basis, tally: CalibrationTally, eventsTotal: Int? = nil, screenRefusal: String? = nil
  ) {
    self.basis = basis
    self.tally = tally
    self.eventsTotal = eventsTotal
    self.screenRefusal = screenRefusal
  }

  /// The calibration of the events seen, with the given result of comparing screen and exact
  /// scores. Runs are listed by run number, name and SHA-256. The list does not depend on their
  /// order on a command line or on how they were divided into parts.
  package func calibration(
    screen: ScreenCalibration?, created: String, program: String
  ) throws(CalibrationError) -> TriggerCalibration {
    let points = try basis.plan.workingPoints(from: tally.scores, quiet: tally.quiet)
    let count = tally.scores.scorableCount
    func ranks(_ side: ScoreSide) -> [Int] {
      points.filter { $0.side == side }.compactMap { $0.rankFromEnd(of: count) }
    }
    var calibration = TriggerCalibration(
      modelSHA256: basis.modelSHA256, schema: basis.schema, levels: basis.levels,
      weights: basis.weights, confidence: basis.plan.confidence,
      eventCount: count, notScorableCount: tally.scores.notScorableCount,
      runs: tally.runs.sorted(), workingPoints: points,
      reference: DriftReference(
        scoreHistogram: tally.histogram, features: tally.features.summary,
        condition: tally.conditions.summary),
      backgroundRates: BackgroundRates(
        tally.scores, histogram: tally.histogram, including: ranks(.high)),
      screen: screen, created: created, program: program)
    calibration.quiet = tally.quiet?.reference(
      including: ranks(.low), depth: basis.plan.lowestScoresNeeded(eventCountMax: count))
    calibration.conditionBins = try conditionBins()?.bins
    return calibration
  }
}

extension CalibrationRun: Comparable {
  /// The order in which a calibration lists its runs: by run number, those without one first, then
  /// by name, then by SHA-256.
  package static func < (left: CalibrationRun, right: CalibrationRun) -> Bool {
    func key(_ run: CalibrationRun) -> (Int, String, String) {
      (run.run.map(Int.init) ?? -1, run.name, run.sha256.description)
    }
    return key(left) < key(right)
  }
}
