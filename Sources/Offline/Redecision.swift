internal import BoundedNumbers
internal import Calibration
package import EventRecords
package import TriggerPipeline

/// What a new model and calibration would have decided of the events of a journal, beside what was
/// decided.
///
/// Every record stands for `weight` events of the stream: it was kept with probability 1/weight,
/// whatever the new pair says of it. Sums of weights are therefore unbiased estimates of counts of
/// the stream (D. Horvitz and D. Thompson, 1952). Shares come from the unbiased sample alone.
package struct Redecision: Sendable {
  /// Events by what old and new working point say.
  package struct Cells: Equatable, Sendable {
    /// Records by weight. Those of weight 0 belong to no sample and are left out.
    package fileprivate(set) var records: [UInt32: Int] = [:]
    /// Events of the unbiased sample.
    package fileprivate(set) var sampled = 0

    fileprivate mutating func add(weight: UInt32, isSampled: Bool) {
      if weight > 0 { records[weight, default: 0] +|= 1 }
      if isSampled { sampled +|= 1 }
    }

    /// The records that were counted.
    package var recordCount: Int { records.values.saturatingSum }

    /// The estimated count of the stream.
    package var estimate: Double {
      records.reduce(0) { $0 + Double($1.key) * Double($1.value) }
    }

    /// The interval of the count of the stream. It is the sum of the exact intervals of the
    /// weights, at a confidence that all hold together.
    ///
    /// `weights` are those that events of this kind may have. Of some no record may have come: each
    /// of their events was kept with a probability of one over the largest of these weights at the
    /// least, which bounds their number. 0 is of events that nothing keeps: the upper end is then
    /// infinite.
    package func interval(
      confidence: Double, weights: Set<UInt32> = []
    ) -> ClosedRange<Double> {
      var counts = records
      let unseen = weights.subtracting(records.keys)
      if let largest = unseen.max(), largest > 0 { counts[largest] = 0 }
      let doubtful = max(1, counts.keys.count { $0 > 1 })
      var (low, high) = (0.0, 0.0)
      for (weight, found) in counts {
        let ends = sampledCountInterval(
          found: found, prescale: weight,
          confidence: 1 - (1 - confidence) / Double(doubtful))
        low += Double(ends.lowerBound)
        high += Double(ends.upperBound)
      }
      return low...(unseen.contains(0) ? .infinity : high)
    }
  }

  /// One working point, or all together.
  package struct Point: Equatable, Sendable {
    /// Fired by the old and by the new one.
    package fileprivate(set) var both = Cells()
    /// Fired by the old one alone: the new pair would drop it.
    package fileprivate(set) var onlyOld = Cells()
    /// Fired by the new one alone.
    package fileprivate(set) var onlyNew = Cells()
    /// The estimated number of events of the stream that the new one keeps: the weights of those
    /// that it fires, over its prescales for them.
    package fileprivate(set) var kept = 0.0

    fileprivate mutating func add(
      old: Bool, new: Bool, weight: UInt32, isSampled: Bool, newPrescale: UInt32
    ) {
      if new, newPrescale > 0 { kept += Double(weight) / Double(newPrescale) }
      switch (old, new) {
      case (true, true): both.add(weight: weight, isSampled: isSampled)
      case (true, false): onlyOld.add(weight: weight, isSampled: isSampled)
      case (false, true): onlyNew.add(weight: weight, isSampled: isSampled)
      case (false, false): break
      }
    }
  }

  /// The counts of a run, or of all runs.
  package struct Counts: Equatable, Sendable {
    /// Records.
    package fileprivate(set) var records = 0
    /// Events of the unbiased sample that can be scored.
    package fileprivate(set) var sampled = 0
    /// Events that cannot be scored.
    package fileprivate(set) var notScorable = 0
    /// The sum of the weights: the estimated number of events of the stream.
    package fileprivate(set) var stream = 0.0
    /// In the order of the pairs.
    package fileprivate(set) var points: [Point]
    /// Whether any working point fired.
    package fileprivate(set) var anyPoint = Point()
  }

  /// A new working point and its old counterpart.
  package struct Pair: Equatable, Sendable {
    /// The name: of the new point, or of an old one that is gone.
    package var name: String
    /// The place among the old points; nil where the point is new.
    package var old: Int?
    /// The place among the new points; nil where the point is gone.
    package var new: Int?

    /// Pairs points.
    package init(name: String, old: Int?, new: Int?) {
      self.name = name
      self.old = old
      self.new = new
    }
  }

  /// The pairs that are compared.
  package let pairs: [Pair]
  /// The prescale of the unbiased sample; 0 without one.
  package let samplePrescale: UInt32
  /// All runs together.
  package private(set) var total: Counts
  /// By run number.
  package private(set) var runs: [UInt32: Counts] = [:]

  /// Records of events that their sender marked as simulated: they belong to no count of the
  /// stream.
  package private(set) var simulated = 0

  private let rule: DecisionRule
  /// The rule that decided; nil where only the records' bits tell.
  private let oldRule: DecisionRule?
  private let oldCalibration: UInt32
  /// The rule that decided with the factors of rate control at the last record.
  private var oldInForce: DecisionRule?
  /// Weights that events may have which an old working point fired; by its place.
  private var oldWeights: [Set<UInt32>]

  /// Prepares the comparison. `samplePrescale` is the coarsest prescale of the journal's sample;
  /// finer ones are thinned to it. `old` is the calibration that decided, with the short hash that
  /// its records carry. Without it, or for records of another one, the working points in the record
  /// are taken. `oldPrescales` are the prescales that each old working point had, as far as they
  /// are known.
  package init(
    rule: DecisionRule, pairs: [Pair], samplePrescale: UInt32,
    old: (rule: DecisionRule, prefix: UInt32)?, oldPrescales: [Set<UInt32>] = []
  ) {
    oldInForce = old?.rule
    oldWeights = (0..<16).map { $0 < oldPrescales.count ? oldPrescales[$0] : [] }
    self.rule = rule
    self.pairs = pairs
    self.samplePrescale = samplePrescale
    oldRule = old?.rule
    oldCalibration = old?.prefix ?? 0
    total = Counts(points: pairs.map { _ in Point() })
  }

  /// Weights that events may have which the old working point at a place fired; for nil those of
  /// all events. 0 where nothing keeps some of them.
  package func weights(ofOld point: Int?) -> Set<UInt32> {
    let known = point.map { oldWeights[$0] } ?? oldWeights.reduce([0]) { $0.union($1) }
    guard samplePrescale > 0 else { return known }
    return Set(known.map { $0 == 0 ? samplePrescale : min($0, samplePrescale) })
  }

  /// The same for events that any old working point fired.
  package var weightsOfFired: Set<UInt32> {
    oldWeights.indices.reduce([]) { $0.union(weights(ofOld: $1)) }
  }

  /// Adds a record with the new pair's score of its event, and the factors of rate control when it
  /// was decided, none for 1 everywhere. One of a simulated event is left out, and counted.
  package mutating func add(
    _ record: FlaggedRecordView, score: Float, factors: [Float] = []
  ) {
    if record.event.flags.contains(.simulated) {
      simulated +|= 1
      return
    }
    let isSampled =
      record.reasons.contains(.unbiased)
      && EventIdentity(record.event).prescaleHash.passes(prescale: samplePrescale)
    let condition = record.event.condition
    var old: UInt16?
    if let oldRule, record.calibration == oldCalibration {
      let isFitting = factors.count == oldRule.routes.count
      if oldInForce?.factors != (isFitting ? factors : oldRule.routes.map { _ in 1 }) {
        oldInForce = oldRule.with(factors: isFitting ? factors : [])
      }
      old = oldInForce?.firedPoints(score: record.score, condition: condition)
    }
    for point in oldWeights.indices where record.workingPoints >> UInt16(point) & 1 == 1 {
      oldWeights[point].insert(record.weight)
    }
    let fired = (
      old: old ?? record.workingPoints, new: rule.firedPoints(score: score, condition: condition)
    )
    let facts = Facts(
      weight: record.weight, isSampled: isSampled, isScorable: !score.isNaN, old: fired.old,
      new: fired.new, newRow: rule.prescaleRow(of: record.event))
    count(facts, in: &total)
    var run = runs[record.event.run] ?? Counts(points: pairs.map { _ in Point() })
    count(facts, in: &run)
    runs[record.event.run] = run
  }

  private struct Facts {
    var weight: UInt32
    var isSampled: Bool
    var isScorable: Bool
    var old: UInt16
    var new: UInt16
    /// The event's row of the new prescales.
    var newRow: Int
  }

  private func count(_ facts: Facts, in counts: inout Counts) {
    counts.records +|= 1
    counts.stream += Double(facts.weight)
    guard facts.isScorable else {
      counts.notScorable +|= 1
      return
    }
    if facts.isSampled { counts.sampled +|= 1 }
    func fired(_ mask: UInt16, _ point: Int?) -> Bool {
      point.map { mask >> UInt16($0) & 1 == 1 } ?? false
    }
    for (index, pair) in pairs.enumerated() {
      counts.points[index].add(
        old: fired(facts.old, pair.old), new: fired(facts.new, pair.new), weight: facts.weight,
        isSampled: facts.isSampled,
        newPrescale: pair.new.map { rule.prescale(ofPoint: $0, row: facts.newRow) } ?? 0)
    }
    counts.anyPoint.add(
      old: facts.old != 0, new: facts.new != 0, weight: facts.weight, isSampled: facts.isSampled,
      newPrescale: 0)
  }
}
