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
  package var isFlagged: Bool { reasons.isFired || reasons.contains(.notScorable) }

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
    /// An event fires when its score is greater, or smaller on the low side.
    package var threshold: Float
    /// Which scores fire.
    package var side: ScoreSide
    /// One in `prescale` fired events is kept; at least 1.
    package var prescale: UInt32

    /// Creates a route.
    package init(threshold: Float, prescale: UInt32, side: ScoreSide = .high) {
      self.threshold = threshold
      self.side = side
      self.prescale = prescale
    }
  }

  /// Thresholds by the condition of an event.
  package struct Bins: Equatable, Sendable {
    /// Finite, ascending, all different.
    package var edges: [Float]
    /// A row a bin and one for events without a condition; a threshold a working point in each.
    package var rows: [[Float]]

    /// Creates bins.
    package init(edges: [Float], rows: [[Float]]) {
      self.edges = edges
      self.rows = rows
    }
  }

  /// The section of a flagged run's manifest that states the prescale of the unbiased sample.
  package static let unbiasedPrescaleKey = "unbiased_prescale"

  /// The working points in the calibration's order, 1 to 16, with the calibration's thresholds.
  package let routes: [Route]
  /// Thresholds in place of those of `routes`; nil where one holds for all conditions.
  package let bins: Bins?
  /// The factor of rate control on each threshold; 1 where no rate is held.
  package let factors: [Float]
  /// The thresholds in force, those of `bins` or `routes` times `factors`, in float32: row after row,
  /// one row where there are no bins.
  private let thresholds: [Float]
  /// The lowest of each row.
  private let loosest: [Float]
  /// Prescales in place of those of `routes`, by section or time; nil where one holds for all events.
  package let prescales: PrescaleTable?
  /// One in this many input events is kept whatever its score; 0 for none.
  package let unbiasedPrescale: UInt32
  /// The lowest threshold in force of the high side, of all conditions.
  package let loosestThreshold: Float
  /// The highest threshold of the low side; minus infinity without one.
  package let quietThreshold: Float

  /// Creates the rule for 1 to 16 working points. `factors` has a positive number for each, or none
  /// for 1 everywhere.
  package init(
    routes: [Route], bins: Bins? = nil, factors: [Float] = [], prescales: PrescaleTable? = nil,
    unbiasedPrescale: UInt32
  ) {
    precondition((1...16).contains(routes.count), "working points fill a 16-bit mask")
    precondition(routes.allSatisfy { $0.prescale >= 1 && !$0.threshold.isNaN })
    precondition(factors.isEmpty || factors.count == routes.count, "one factor a working point")
    precondition(factors.allSatisfy { $0 > 0 && $0.isFinite })
    precondition(prescales.map { $0.pointCount == routes.count } ?? true)
    self.routes = routes
    self.prescales = prescales
    self.factors = factors.isEmpty ? routes.map { _ in 1 } : factors
    self.bins = bins
    let rows = bins?.rows ?? [routes.map(\.threshold)]
    precondition(rows.allSatisfy { $0.count == routes.count && !$0.contains(where: \.isNaN) })
    precondition(bins == nil || rows.count == (bins?.edges.count ?? 0) + 2)
    precondition(
      bins == nil || routes.allSatisfy { $0.side == .high }, "bins have no points of the low side")
    let inForce = rows.map { [factors = self.factors] row in zip(row, factors).map { $0 * $1 } }
    thresholds = inForce.flatMap { $0 }
    loosest = inForce.map { row in
      zip(row, routes).reduce(.infinity) { $1.1.side == .high ? min($0, $1.0) : $0 }
    }
    quietThreshold = zip(inForce[0], routes).reduce(-.infinity) {
      $1.1.side == .low ? max($0, $1.0) : $0
    }
    self.unbiasedPrescale = unbiasedPrescale
    loosestThreshold = loosest.reduce(.infinity, min)
  }

  /// The rule of a calibration's working points.
  package init(_ calibration: TriggerCalibration, unbiasedPrescale: UInt32) {
    self.init(
      routes: calibration.workingPoints.map {
        Route(threshold: $0.threshold, prescale: $0.prescale, side: $0.side)
      },
      bins: calibration.conditionBins.map { bins in
        let columns = calibration.workingPoints.indices.map { bins.row(ofPoint: $0) }
        return Bins(
          edges: bins.edges,
          rows: (0..<bins.edges.count + 2).map { row in columns.map { $0[row] } })
      },
      unbiasedPrescale: unbiasedPrescale)
  }

  /// The same working points with another prescale of the unbiased sample.
  package func with(unbiasedPrescale prescale: UInt32) -> DecisionRule {
    prescale == unbiasedPrescale
      ? self
      : DecisionRule(
        routes: routes, bins: bins, factors: factors, prescales: prescales,
        unbiasedPrescale: prescale)
  }

  /// The same working points with prescales by section or time; nil for those of the calibration.
  package func with(prescales: PrescaleTable?) -> DecisionRule {
    DecisionRule(
      routes: routes, bins: bins, factors: factors, prescales: prescales,
      unbiasedPrescale: unbiasedPrescale)
  }

  /// The row of prescales that an event has; 0 without a table.
  @inline(__always)
  package func prescaleRow(of event: EventRecordView) -> Int {
    prescales?.row(section: event.lumi, timeNs: event.timeNs) ?? 0
  }

  /// The prescale of a working point in a row of the table, or without one the calibration's.
  @inline(__always)
  package func prescale(ofPoint point: Int, row: Int) -> UInt32 {
    prescales?.prescale(row: row, point: point) ?? routes[point].prescale
  }

  /// The same working points with thresholds of the calibration times these factors; none for 1
  /// everywhere.
  package func with(factors: [Float]) -> DecisionRule {
    DecisionRule(
      routes: routes, bins: bins, factors: factors, prescales: prescales,
      unbiasedPrescale: unbiasedPrescale)
  }

  /// The row of thresholds of events with this condition; NaN has the last.
  @inline(__always)
  private func row(_ condition: Float) -> Int {
    guard let bins else { return 0 }
    return ConditionBins.bin(of: condition, edges: bins.edges)
  }

  /// The lowest threshold of the high side in force for events with this condition.
  package func loosestThreshold(condition: Float) -> Float { loosest[row(condition)] }

  /// The threshold that the flagged record of an event with this condition carries: the lowest of the high
  /// side, or the highest of the low side where that is why the event is kept.
  package func threshold(for reasons: FlagReasons, condition: Float) -> Float {
    reasons.contains(.belowThreshold) ? quietThreshold : loosestThreshold(condition: condition)
  }

  /// Whether no working point fires at this score, whatever the condition. NaN is not between.
  @inline(__always)
  package func isBetween(_ score: Float) -> Bool {
    score <= loosestThreshold && score >= quietThreshold
  }

  /// Bit i: the score is beyond the threshold of working point i, whatever its prescale.
  @inline(__always)
  package func firedPoints(score: Float, condition: Float) -> UInt16 {
    guard score > loosestThreshold || score < quietThreshold else { return 0 }
    let first = row(condition) * routes.count
    return routes.indices.reduce(0) { fired, index in
      routes[index].side.fires(score: score, threshold: thresholds[first + index])
        ? fired | 1 << UInt16(index) : fired
    }
  }

  /// Whether to keep an event whose hash is known, under a cap on the flagged rate. Every route but
  /// the unbiased sample has at least the prescale `floodPrescale`, which is 1 without a cap.
  ///
  /// An event that its sender marked as simulated is decided in the same way, and is never in the
  /// unbiased sample. `prescaleRow` is the event's row of the table of prescales; 0 without one.
  ///
  /// All prescales look at one hash, and an event passes both the route's prescale and the cap's
  /// exactly if it passes the larger one. The weights therefore stay exact.
  package func decide(
    score: Float, condition: Float, hash: PrescaleHash, floodPrescale: UInt32 = 1,
    isSimulated: Bool = false, prescaleRow: Int = 0
  ) -> Decision? {
    var decision = Decision(reasons: [], workingPoints: 0, weight: .max)
    if score.isNaN, hash.passes(prescale: floodPrescale) {
      decision.reasons.insert(.notScorable)
      decision.weight = floodPrescale
    }
    let first = row(condition) * routes.count
    for index in routes.indices
    where routes[index].side.fires(score: score, threshold: thresholds[first + index]) {
      let own = prescale(ofPoint: index, row: prescaleRow)
      let prescale = own == 0 ? 0 : max(own, floodPrescale)
      guard hash.passes(prescale: prescale) else { continue }
      decision.reasons.insert(
        routes[index].side == .high ? .aboveThreshold : .belowThreshold)
      decision.workingPoints |= 1 << UInt16(index)
      decision.weight = min(decision.weight, prescale)
    }
    if !isSimulated, hash.passes(prescale: unbiasedPrescale) {
      decision.reasons.insert(.unbiased)
      // The sample keeps it also in a flood. It has the reason "not scorable" whichever route keeps
      // it.
      if score.isNaN { decision.reasons.insert(.notScorable) }
      decision.weight = min(decision.weight, unbiasedPrescale)
    }
    return decision.reasons.isEmpty ? nil : decision
  }
}
