/// A working point in force.
public struct PointInForce: Equatable, Sendable {
  /// The name in the calibration.
  public var name: String
  /// The false-positive rate that it was calibrated for.
  public var targetFPR: Double
  /// An event fires when its score is greater.
  public var threshold: Float
  /// One in this many fired events is kept.
  public var prescale: UInt32
  /// Where the true rate lies, with the calibration's confidence; nil where that is not known.
  public var fprInterval: ClosedRange<Double>?

  /// Creates a point.
  public init(
    name: String, targetFPR: Double, threshold: Float, prescale: UInt32 = 1,
    fprInterval: ClosedRange<Double>? = nil
  ) {
    self.name = name
    self.targetFPR = targetFPR
    self.threshold = threshold
    self.prescale = prescale
    self.fprInterval = fprInterval
  }
}

/// A model and a calibration that belong together, in facts to show.
public struct GenerationFacts: Equatable, Sendable {
  /// 1 for what the daemon started with, one more for every switch.
  public var number: Int
  /// When it came into force, ns since the epoch.
  public var inForceSinceNs: UInt64
  /// The model file's path.
  public var modelPath: String
  /// The model file's SHA-256 in hexadecimal.
  public var modelSHA256: String
  /// The calibration file's path.
  public var calibrationPath: String
  /// The calibration file's SHA-256 in hexadecimal.
  public var calibrationSHA256: String
  /// The working points in the calibration's order.
  public var points: [PointInForce]
  /// Names of the D features, where the model says them.
  public var featureNames: [String]?
  /// The margin of the screen; nil where every event is scored exactly.
  public var screenMargin: Double?
  /// SHA-256 of the shadow's model and calibration, nil without a shadow.
  public var shadow: Shadow?

  /// A model and calibration that score beside the live ones and publish nothing.
  public struct Shadow: Equatable, Sendable {
    /// The shadow model file's SHA-256 in hexadecimal.
    public var modelSHA256: String
    /// The shadow calibration file's SHA-256 in hexadecimal.
    public var calibrationSHA256: String

    /// Creates the facts.
    public init(modelSHA256: String, calibrationSHA256: String) {
      self.modelSHA256 = modelSHA256
      self.calibrationSHA256 = calibrationSHA256
    }
  }

  /// Creates the facts of a live generation without a shadow.
  public init(
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
