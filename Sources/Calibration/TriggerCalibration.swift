package import DurableFiles
internal import StrictJSON

/// The thresholds of a model, how they were found, and a summary of the background: the content of
/// a `tamis-calibration/1` file.
package struct TriggerCalibration: Equatable, Sendable {
  /// The most events that a calibration, or parts merged to one, may count: 2^50, thirty-five years
  /// of a million events a second. Sums of such counts stay within 64 bits and exact in float64.
  package static let eventCountMax = 1 << 50

  /// SHA-256 of the model file.
  package var modelSHA256: SHA256Digest
  /// The features' schema as event records carry it; 0 where the model names no features.
  package var schema: UInt32
  /// The scoring levels, in their order.
  package var levels: [Int]
  /// One weight a level.
  package var weights: [Float]
  /// The confidence of intervals and of `RateGuarantee.withConfidence`.
  package var confidence: Double
  /// N, the number of background scores that are ranked.
  package var eventCount: Int
  /// Background events that could not be scored and have no rank.
  package var notScorableCount: Int
  /// The sources of the background, in ascending order of run number, name and SHA-256.
  package var runs: [CalibrationRun]
  /// 1 to 16; working point i is bit i of a flagged record.
  package var workingPoints: [WorkingPoint]
  /// The reference that drift is measured against.
  package var reference: DriftReference
  /// The time of its making, in UTC, such as `2026-11-23T20:00:00Z`.
  package var created: String
  /// The program that made it, such as `tamis 0.1.0`.
  package var program: String
  /// Thresholds by the condition of an event, in place of those of `workingPoints`; nil where one
  /// threshold holds for all events.
  package var conditionBins: ConditionBins?
  /// How rare scores are; nil in files of versions that did not measure it.
  package var backgroundRates: BackgroundRates?
  /// How rare low scores are; nil where no working point is of the low side.
  package var quiet: QuietReference?
  /// How well the screen agrees; nil where it was not measured or cannot be used.
  package var screen: ScreenCalibration?
  /// Keys of the file that this version does not know.
  var otherKeys = JSONObject()

  /// Creates a calibration. Content for which a file would be refused traps.
  package init(
    modelSHA256: SHA256Digest, schema: UInt32, levels: [Int], weights: [Float],
    confidence: Double, eventCount: Int, notScorableCount: Int, runs: [CalibrationRun],
    workingPoints: [WorkingPoint], reference: DriftReference,
    backgroundRates: BackgroundRates? = nil, screen: ScreenCalibration? = nil, created: String,
    program: String
  ) {
    precondition(!levels.isEmpty && levels.count == weights.count)
    precondition((1...WorkingPoint.countMax).contains(workingPoints.count))
    precondition(confidence > 0 && confidence < 1 && eventCount >= 1 && notScorableCount >= 0)
    self.modelSHA256 = modelSHA256
    self.schema = schema
    self.levels = levels
    self.weights = weights
    self.confidence = confidence
    self.eventCount = eventCount
    self.notScorableCount = notScorableCount
    self.runs = runs
    self.workingPoints = workingPoints
    self.reference = reference
    self.backgroundRates = backgroundRates
    self.screen = screen
    self.created = created
    self.program = program
  }

  /// The lowest threshold of the high side. An event whose score is not above it fires no working point of
  /// that side.
  package var loosestThreshold: Float {
    workingPoints.indices.reduce(.infinity) {
      workingPoints[$1].side == .high ? min($0, loosestThreshold(ofPoint: $1)) : $0
    }
  }

  /// The highest threshold of the low side; minus infinity without one. An event whose score is not below
  /// it fires no working point of that side.
  package var quietThreshold: Float {
    workingPoints.reduce(-.infinity) { $1.side == .low ? max($0, $1.threshold) : $0 }
  }

  /// The lowest threshold that working point `point` has in any bin of the condition.
  package func loosestThreshold(ofPoint point: Int) -> Float {
    conditionBins?.row(ofPoint: point).reduce(.infinity, min) ?? workingPoints[point].threshold
  }
}

/// One source of calibration events.
package struct CalibrationRun: Equatable, Sendable {
  /// The run folder's or file's name.
  package var name: String
  /// SHA-256 of its content.
  package var sha256: SHA256Digest
  /// The run number, or nil where there is none or more than one.
  package var run: UInt32?
  /// The events taken from it, scorable or not.
  package var eventCount: Int
  /// For the unbiased sample of a flagged journal: the number of events of the stream that each
  /// event stands for. Nil for recorded events.
  package var unbiasedPrescale: UInt32?
  /// Events left out because their sender had marked them as tainted.
  package var taintedCount: Int
  /// Keys of the file that this version does not know.
  var otherKeys = JSONObject()

  /// Creates a source.
  package init(
    name: String, sha256: SHA256Digest, run: UInt32?, eventCount: Int,
    unbiasedPrescale: UInt32? = nil, taintedCount: Int = 0
  ) {
    self.name = name
    self.sha256 = sha256
    self.run = run
    self.eventCount = eventCount
    self.unbiasedPrescale = unbiasedPrescale
    self.taintedCount = taintedCount
  }
}
