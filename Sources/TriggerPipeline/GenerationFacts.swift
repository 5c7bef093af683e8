package import Calibration

/// A working point in force.
package struct PointInForce: Equatable, Sendable {
  /// The name in the calibration.
  package var name: String
  /// The false-positive rate that it was calibrated for.
  package var targetFPR: Double
  /// An event fires when its score is greater, or smaller on the low side. With thresholds by condition,
  /// the lowest.
  package var threshold: Float
  /// The highest threshold of all conditions; nil where one holds for all.
  package var highestThreshold: Float?
  /// One in this many fired events is kept.
  package var prescale: UInt32
  /// Where the true rate lies, with the calibration's confidence; nil where that is not known.
  package var fprInterval: ClosedRange<Double>?
  /// Which scores fire.
  package var side: ScoreSide

  /// Creates a point.
  package init(
    name: String, targetFPR: Double, threshold: Float, highestThreshold: Float? = nil,
    prescale: UInt32 = 1, fprInterval: ClosedRange<Double>? = nil, side: ScoreSide = .high
  ) {
    self.side = side
    self.name = name
    self.targetFPR = targetFPR
    self.threshold = threshold
    self.highestThreshold = highestThreshold
    self.prescale = prescale
    self.fprInterval = fprInterval
  }
}

/// A model and a calibration that belong together, in facts to show.
package struct GenerationFacts: Equatable, Sendable {
  /// 1 for what the daemon started with, one more for every switch.
  package var number: Int
  /// When it came into force, ns since the epoch.
  package var inForceSinceNs: UInt64
  /// The model file's path.
  package var modelPath: String
  /// The model file's SHA-256 in hexadecimal.
  package var modelSHA256: String
  /// The calibration file's path.
  package var calibrationPath: String
  /// The calibration file's SHA-256 in hexadecimal.
  package var calibrationSHA256: String
  /// The working points in the calibration's order.
  package var points: [PointInForce]
  /// Names of the D features, where the model says them.
  package var featureNames: [String]?
  /// The margin of the screen; nil where every event is scored exactly.
  package var screenMargin: Double?
  /// SHA-256 of the shadow's model and calibration, nil without a shadow.
  package var shadow: Shadow?

  /// A model and calibration that score beside the live ones and publish nothing.
  package struct Shadow: Equatable, Sendable {
    /// The shadow model file's SHA-256 in hexadecimal.
    package var modelSHA256: String
    /// The shadow calibration file's SHA-256 in hexadecimal.
    package var calibrationSHA256: String

    /// Creates the facts.
    package init(modelSHA256: String, calibrationSHA256: String) {
      self.modelSHA256 = modelSHA256
      self.calibrationSHA256 = calibrationSHA256
    }
  }

  /// Creates the facts of a live generation without a shadow.
  package init(
    number: Int, inForceSinceNs: UInt64, modelPath: String, modelSHA256: String,
    calibrationPath: String, calibrationSHA256: String, points: [PointInForce],
    featureNames: [String]?, screenMargin: Double? = nil, shadow: Shadow? = nil
  ) {
    self.number = number
    self.inForceSinceNs = inForceSinceNs
    self.modelPath = modelPath
    self.modelSHA256 = modelSHA256
    self.calibrationPath = calibrationPath
    self.calibrationSHA256 = calibrationSHA256
    self.points = points
    self.featureNames = featureNames
    self.screenMargin = screenMargin
    self.shadow = shadow
  }
}
