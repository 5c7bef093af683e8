public import Calibration
public import EventRecords

/// Why an event is kept, and how many events it stands for.
public struct Decision: Equatable, Sendable {
  /// The reasons, at least one.
  public var reasons: FlagReasons
  /// Bit i: working point i fired and its prescale let the event pass.
  public var workingPoints: UInt16
  /// The smallest prescale that the event passed: its inclusion probability is 1/weight.
  public var weight: UInt32

  /// Creates a decision.
  public init(reasons: FlagReasons, workingPoints: UInt16, weight: UInt32) {
    self.reasons = reasons
    self.workingPoints = workingPoints
    self.weight = weight
  }
}

/// Which events are kept: the one rule that the daemon, `tamis score` and `tamis verify` share.
public struct DecisionRule: Sendable {
  /// A threshold with its prescale.
  public struct Route: Equatable, Sendable {
    /// An event fires when its score is greater.
    public var threshold: Float
    /// One in so many fired events is kept; at least 1.
    public var prescale: UInt32

    /// Creates a route.
    public init(threshold: Float, prescale: UInt32) {
      self.threshold = threshold
      self.prescale = prescale
    }
  }

  /// The working points in the calibration's order, 1 to 16.
  public let routes: [Route]
  /// One in so many input events is kept whatever its score; 0 for none.
  public let unbiasedPrescale: UInt32
  /// The lowest threshold, which every flagged record carries.
  public let loosestThreshold: Float

  /// Creates the rule for 1 to 16 working points.
  public init(routes: [Route], unbiasedPrescale: UInt32) {
    precondition((1...16).contains(routes.count), "working points fill a 16-bit mask")
    precondition(routes.allSatisfy { $0.prescale >= 1 && !$0.threshold.isNaN })
    self.routes = routes
    self.unbiasedPrescale = unbiasedPrescale
    loosestThreshold = routes.reduce(.infinity) { min($0, $1.threshold) }
  }

  /// The rule of a calibration's working points.
  public init(_ calibration: TriggerCalibration, unbiasedPrescale: UInt32) {
    self.init(
      routes: calibration.workingPoints.map {
        Route(threshold: $0.threshold, prescale: $0.prescale)
      },
      unbiasedPrescale: unbiasedPrescale)
  }

  /// Whether to keep an event with this score; a NaN score is one that could not be scored, which
  /// is always kept for study. Nil where nothing keeps it.
  @inline(__always)
  public func decide(score: Float, event: EventRecordView) -> Decision? {
    if score <= loosestThreshold, unbiasedPrescale == 0 { return nil }
    let hash = PrescaleHash(
      run: event.run, source: event.source, sequence: event.sequence, event: event.event)
    return decide(score: score, hash: hash)
  }

  /// The same for a hash that is already known.
  public func decide(score: Float, hash: PrescaleHash) -> Decision? {
    var decision = Decision(reasons: [], workingPoints: 0, weight: .max)
    if score.isNaN {
      decision.reasons.insert(.notScorable)
      decision.weight = 1
    }
    for index in routes.indices
    where score > routes[index].threshold && hash.passes(prescale: routes[index].prescale) {
      decision.reasons.insert(.aboveThreshold)
      decision.workingPoints |= 1 << UInt16(index)
      decision.weight = min(decision.weight, routes[index].prescale)
    }
    if hash.passes(prescale: unbiasedPrescale) {
      decision.reasons.insert(.unbiased)
      decision.weight = min(decision.weight, unbiasedPrescale)
    }
    return decision.reasons.isEmpty ? nil : decision
  }
}
