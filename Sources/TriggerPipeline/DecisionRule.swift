package import Calibration
package import EventRecords

/// Why an event is kept, and how many events it stands for.
package struct Decision: Equatable, Sendable {
  /// The reasons. Empty only for `unflagged`.
  package var reasons: FlagReasons
  /// Bit i: working point i fired and its prescale let the event pass.
  package var workingPoints: UInt16
  /// The smallest prescale that the event passed: its inclusion probability is 1/weight. 0 for an
  /// event without reasons, which belongs to no sample.
  package var weight: UInt32

  /// An event that no working point and no sample keeps, published because all events are.
  package static let unflagged = Decision(reasons: [], workingPoints: 0, weight: 0)

  /// Whether the event is kept for its score or because it has none, not only as part of a sample.
  package var isFlagged: Bool { !reasons.isDisjoint(with: [.aboveThreshold, .notScorable]) }

  /// Creates a decision.
  package init(reasons: FlagReasons, workingPoints: UInt16, weight: UInt32) {
    self.reasons = reasons
    self.workingPoints = workingPoints
    self.weight = weight
  }
}

/// Which events are kept: the one rule that the daemon, `tamis score` and `tamis verify` share.
package struct DecisionRule: Sendable {
  /// A threshold with its prescale.
  package struct Route: Equatable, Sendable {
    /// An event fires when its score is greater.
    package var threshold: Float
    /// One in `prescale` fired events is kept; at least 1.
    package var prescale: UInt32

    /// Creates a route.
    package init(threshold: Float, prescale: UInt32) {
      self.threshold = threshold
      self.prescale = prescale
    }
  }

  /// The working points in the calibration's order, 1 to 16, with the calibration's thresholds.
  package let routes: [Route]
  /// What each threshold is multiplied by, as rate control has it; 1 where it does nothing.
  package let factors: [Float]
  /// The thresholds in force: those of `routes` times `factors`, in float32.
  package let thresholds: [Float]
  /// One in this many input events is kept whatever its score; 0 for none.
  package let unbiasedPrescale: UInt32
  /// The lowest threshold in force, which every flagged record carries.
  package let loosestThreshold: Float

  /// Creates the rule for 1 to 16 working points. `factors` has a positive number for each, or none
  /// for 1 everywhere.
  package init(routes: [Route], factors: [Float] = [], unbiasedPrescale: UInt32) {
    precondition((1...16).contains(routes.count), "working points fill a 16-bit mask")
    precondition(routes.allSatisfy { $0.prescale >= 1 && !$0.threshold.isNaN })
    precondition(factors.isEmpty || factors.count == routes.count, "one factor a working point")
    precondition(factors.allSatisfy { $0 > 0 && $0.isFinite })
    self.routes = routes
    self.factors = factors.isEmpty ? routes.map { _ in 1 } : factors
    thresholds = zip(routes, self.factors).map { $0.threshold * $1 }
    self.unbiasedPrescale = unbiasedPrescale
    loosestThreshold = thresholds.reduce(.infinity, min)
  }

  /// The rule of a calibration's working points.
  package init(_ calibration: TriggerCalibration, unbiasedPrescale: UInt32) {
    self.init(
      routes: calibration.workingPoints.map {
        Route(threshold: $0.threshold, prescale: $0.prescale)
      },
      unbiasedPrescale: unbiasedPrescale)
  }

  /// The same working points with another prescale of the unbiased sample.
  func with(unbiasedPrescale prescale: UInt32) -> DecisionRule {
    prescale == unbiasedPrescale
      ? self : DecisionRule(routes: routes, factors: factors, unbiasedPrescale: prescale)
  }

  /// The same working points with thresholds of the calibration times these factors; none for 1
  /// everywhere.
  package func with(factors: [Float]) -> DecisionRule {
    DecisionRule(routes: routes, factors: factors, unbiasedPrescale: unbiasedPrescale)
  }

  /// Bit i: the score is above the threshold of working point i, whatever its prescale.
  @inline(__always)
  package func firedPoints(score: Float) -> UInt16 {
    guard score > loosestThreshold else { return 0 }
    return routes.indices.reduce(0) { fired, index in
      score > thresholds[index] ? fired | 1 << UInt16(index) : fired
    }
  }

  /// Whether to keep an event with this score. An event that could not be scored has the score NaN,
  /// and is always kept for study. Nil where the event is not kept.
  @inline(__always)
  package func decide(score: Float, event: EventRecordView) -> Decision? {
    if score <= loosestThreshold, unbiasedPrescale == 0 { return nil }
    let hash = PrescaleHash(
      run: event.run, source: event.source, sequence: event.sequence, event: event.event)
    return decide(score: score, hash: hash)
  }

  /// Whether to keep an event whose hash is known, under a cap on the flagged rate. Every route but
  /// the unbiased sample has at least the prescale `floodPrescale`, which is 1 without a cap.
  ///
  /// All prescales look at one hash, and an event passes both the route's prescale and the cap's
  /// exactly if it passes the larger one. The weights therefore stay exact.
  package func decide(
    score: Float, hash: PrescaleHash, floodPrescale: UInt32 = 1
  ) -> Decision? {
    var decision = Decision(reasons: [], workingPoints: 0, weight: .max)
    if score.isNaN, hash.passes(prescale: floodPrescale) {
      decision.reasons.insert(.notScorable)
      decision.weight = floodPrescale
    }
    for index in routes.indices where score > thresholds[index] {
      let prescale = max(routes[index].prescale, floodPrescale)
      guard hash.passes(prescale: prescale) else { continue }
      decision.reasons.insert(.aboveThreshold)
      decision.workingPoints |= 1 << UInt16(index)
      decision.weight = min(decision.weight, prescale)
    }
    if hash.passes(prescale: unbiasedPrescale) {
      decision.reasons.insert(.unbiased)
      // The sample keeps it also in a flood. It has the reason "not scorable" whichever route keeps
      // it.
      if score.isNaN { decision.reasons.insert(.notScorable) }
      decision.weight = min(decision.weight, unbiasedPrescale)
    }
    return decision.reasons.isEmpty ? nil : decision
  }
}
