import Calibration
import EventRecords
import Offline
import ReproducibleMath
import Testing
import TriggerPipeline

/// What a new pair would have kept, from records alone, against the stream that is known here.
@Suite struct RedecisionTests {
  private struct Truth: Equatable {
    var both = 0
    var onlyOld = 0
    var onlyNew = 0
  }

  /// A stream of `count` events whose old and new scores are correlated; the old rule keeps some.
  private func decide(
    count: Int, seed: UInt64, old: DecisionRule, new: DecisionRule, knowsOld: Bool,
    oldPrescales: [Set<UInt32>] = []
  ) -> (tally: Redecision, truth: [Truth], newKept: [Double]) {
    var tally = Redecision(
      rule: new, pairs: new.routes.indices.map { .init(name: "p\($0)", old: $0, new: $0) },
      samplePrescale: old.unbiasedPrescale, old: knowsOld ? (old, 7) : nil,
      oldPrescales: oldPrescales)
    var truth = new.routes.map { _ in Truth() }
    var newKept = new.routes.map { _ in 0.0 }
    let random = RandomStream(seed: seed, stream: 0)
    var event = [UInt8](repeating: 0, count: EventRecord.byteCount(featureCount: 1))
    var bytes = [UInt8](repeating: 0, count: FlaggedRecord.byteCount(featureCount: 1))
    for index in 0..<count {
      let oldScore = Float(-portableLog(random.uniform(at: UInt64(2 * index))))
      let newScore = oldScore * Float(0.8 + 0.4 * random.uniform(at: UInt64(2 * index + 1)))
      let (oldFired, newFired) = (
        old.firedPoints(score: oldScore, condition: 0),
        new.firedPoints(score: newScore, condition: 0)
      )
      for point in truth.indices {
        switch (oldFired >> UInt16(point) & 1, newFired >> UInt16(point) & 1) {
        case (1, 1): truth[point].both += 1
        case (1, 0): truth[point].onlyOld += 1
        case (0, 1): truth[point].onlyNew += 1
        default: break
        }
        let row = new.prescales?.row(section: UInt32(index % 4), timeNs: 0) ?? 0
        let prescale =
          new.prescales?.prescale(row: row, point: point) ?? new.routes[point].prescale
        if newFired >> UInt16(point) & 1 == 1, prescale > 0 {
          newKept[point] += 1 / Double(prescale)
        }
      }
      let header = EventHeader(
        source: 1, run: UInt32(1 + index % 2), lumi: UInt32(index % 4), featureCount: 1,
        sequence: UInt64(index + 1),
        event: UInt64(index))
      event.withUnsafeMutableBytes { target in
        guard let base = target.baseAddress else { return }
        [Float(0)].withUnsafeBufferPointer { EventRecord.encode(header, features: $0, into: base) }
        let view = EventRecordView(base)
        let hash = PrescaleHash(
          run: view.run, source: view.source, sequence: view.sequence, event: view.event)
        guard
          let decision = old.decide(
            score: oldScore, condition: view.condition, hash: hash,
            prescaleRow: old.prescaleRow(of: view))
        else { return }
        bytes.withUnsafeMutableBytes { target in
          guard let base = target.baseAddress else { return }
          let flagged = FlaggedHeader(
            reasons: decision.reasons, workingPoints: decision.workingPoints, score: oldScore,
            threshold: 0, number: 1, receivedNs: 0, decidedNs: 0, weight: decision.weight,
            calibration: 7)
          [Float(0)].withUnsafeBufferPointer {
            FlaggedRecord.encode(flagged, attributions: $0, eventRecord: view, into: base)
          }
          tally.add(FlaggedRecordView(base, featureCount: 1), score: newScore)
        }
      }
    }
    return (tally, truth, newKept)
  }

  private static let old = DecisionRule(
    routes: [.init(threshold: 5, prescale: 1), .init(threshold: 3, prescale: 10)],
    unbiasedPrescale: 50)
  private static let new = DecisionRule(
    routes: [.init(threshold: 4.8, prescale: 1), .init(threshold: 3.1, prescale: 4)],
    unbiasedPrescale: 0)

  @Test func intervalsHoldTheStreamsCounts() {
    var (held, asked) = (0, 0)
    var sums = (found: 0.0, truth: 0.0)
    for seed in 0..<40 as Range<UInt64> {
      let (tally, truth, _) = decide(
        count: 4000, seed: 100 + seed, old: Self.old, new: Self.new, knowsOld: true)
      for (point, truth) in zip(tally.total.points, truth) {
        for (cells, count, weights) in [
          (point.both, truth.both, tally.weights(ofOld: 1)),
          (point.onlyOld, truth.onlyOld, tally.weights(ofOld: 1)),
          (point.onlyNew, truth.onlyNew, tally.weights(ofOld: nil)),
        ] as [(Redecision.Cells, Int, Set<UInt32>)] {
          asked += 1
          if cells.interval(confidence: 0.95, weights: weights).contains(Double(count)) {
            held += 1
          }
          sums.found += cells.estimate
          sums.truth += Double(count)
        }
      }
      #expect(tally.runs.count == 2)
      #expect(tally.runs.values.reduce(0) { $0 + $1.records } == tally.total.records)
      #expect(tally.runs.values.reduce(0.0) { $0 + $1.stream } == tally.total.stream)
    }
    #expect(
      clopperPearson(successes: held, trials: asked, confidence: 0.9999).upperBound >= 0.95,
      "\(held) of \(asked)")
    // Unbiased: the sum of 240 estimates is within a few per cent.
    #expect(abs(sums.found / sums.truth - 1) < 0.05)
  }

  /// What fired without a prescale is known exactly; the other way round the sample alone tells.
  @Test func whatIsKeptWholeIsExact() {
    let (tally, truth, _) = decide(
      count: 4000, seed: 1, old: Self.old, new: Self.new, knowsOld: false)
    let point = tally.total.points[0]
    #expect(point.both.estimate == Double(truth[0].both))
    #expect(point.onlyOld.estimate == Double(truth[0].onlyOld))
    #expect(point.both.interval(confidence: 0.95) == point.both.estimate...point.both.estimate)
    #expect(point.onlyNew.records.keys.allSatisfy { $0 == 50 || $0 == 10 })
  }

  @Test func theSamePairChangesNothing() {
    let (tally, _, _) = decide(
      count: 4000, seed: 2, old: Self.old,
      new: DecisionRule(routes: Self.old.routes, unbiasedPrescale: 0), knowsOld: true)
    #expect(tally.total.records > 0)
    // The scores differ: only the file's rule on the record's own score is the same.
    var same = Redecision(
      rule: Self.old, pairs: [.init(name: "a", old: 0, new: 0)], samplePrescale: 0,
      old: (Self.old, 7))
    #expect(same.total.records == 0)
    var bytes = [UInt8](repeating: 0, count: FlaggedRecord.byteCount(featureCount: 1))
    bytes.withUnsafeMutableBytes { target in
      guard let base = target.baseAddress else { return }
      same.add(FlaggedRecordView(base, featureCount: 1), score: .nan)
      same.add(FlaggedRecordView(base, featureCount: 1), score: 9)
    }
    #expect(same.total.records == 2 && same.total.notScorable == 1 && same.total.stream == 0)
    #expect(same.total.points[0].onlyNew.recordCount == 0)
    // The flags of the event inside.
    bytes[68 + 6] = 2
    bytes.withUnsafeMutableBytes { target in
      guard let base = target.baseAddress else { return }
      same.add(FlaggedRecordView(base, featureCount: 1), score: 9)
    }
    #expect(same.total.records == 2 && same.simulated == 1 && same.runs.count == 1)
  }

  /// By a table the second point keeps one in 20 of its even sections' events and none of the others: what
  /// is in rows of prescale 0 is known from the sample alone.
  @Test func prescalesBySectionCountByTheirWeights() {
    let table = PrescaleTable(
      axis: .section, starts: [1, 2, 3], pointCount: 2, prescales: [1, 20, 1, 0, 2, 20, 1, 0])
    let (old, new) = (Self.old.with(prescales: table), Self.new.with(prescales: table))
    var (held, asked) = (0, 0)
    var kept = (found: [0.0, 0.0], truth: [0.0, 0.0])
    for seed in 0..<40 as Range<UInt64> {
      let (tally, truth, newKept) = decide(
        count: 4000, seed: 500 + seed, old: old, new: new, knowsOld: true,
        oldPrescales: [[1, 2], [20, 0]])
      #expect(tally.weights(ofOld: 1).isSuperset(of: [20, 50]))
      for (index, point) in tally.total.points.enumerated() {
        for (cells, count, weights) in [
          (point.both, truth[index].both, tally.weights(ofOld: index)),
          (point.onlyOld, truth[index].onlyOld, tally.weights(ofOld: index)),
          (point.onlyNew, truth[index].onlyNew, tally.weights(ofOld: nil)),
        ] as [(Redecision.Cells, Int, Set<UInt32>)] {
          asked += 1
          if cells.interval(confidence: 0.95, weights: weights).contains(Double(count)) {
            held += 1
          }
        }
        kept.found[index] += point.kept
        kept.truth[index] += newKept[index]
      }
    }
    #expect(
      clopperPearson(successes: held, trials: asked, confidence: 0.9999).upperBound >= 0.95,
      "\(held) of \(asked)")
    // Some 180 records of weight 20: 7 %.
    for index in 0..<2 { #expect(abs(kept.found[index] / kept.truth[index] - 1) < 0.15) }
  }

  /// A prescale of which no record came bounds the count, and does not make it 0.
  @Test func aPrescaleWithoutRecordsBoundsTheCount() {
    let nothing = Redecision(
      rule: Self.new, pairs: [.init(name: "a", old: 0, new: 0)], samplePrescale: 0, old: nil)
    let cells = nothing.total.points[0].both
    #expect(cells.interval(confidence: 0.95) == 0...0)
    let ends = cells.interval(confidence: 0.95, weights: [1, 10, 100])
    // log(0.025) / log(0.99) = 367.04: one event fewer still leaves that chance of none.
    #expect(ends == 0...367)
    #expect(cells.interval(confidence: 0.95, weights: [0, 1]).upperBound == Double.infinity)
  }

  /// Thresholds that rate control had moved are those of the record, not of the file.
  @Test func movedThresholdsAreTheRecords() {
    var tally = Redecision(
      rule: Self.old, pairs: [.init(name: "a", old: 0, new: 0)], samplePrescale: 0,
      old: (Self.old, 0))
    var bytes = [UInt8](repeating: 0, count: FlaggedRecord.byteCount(featureCount: 1))
    bytes.withUnsafeMutableBytes { target in
      guard let base = target.baseAddress else { return }
      // Score and weight.
      target.storeBytes(of: Float(6).bitPattern, toByteOffset: 8, as: UInt32.self)
      target.storeBytes(of: UInt32(1), toByteOffset: 40, as: UInt32.self)
      let record = FlaggedRecordView(base, featureCount: 1)
      tally.add(record, score: 0)
      #expect(tally.total.points[0].onlyOld.recordCount == 1)
      tally.add(record, score: 0, factors: [1.25, 1])
      #expect(tally.total.points[0].onlyOld.recordCount == 1 && tally.total.records == 2)
      tally.add(record, score: 0)
      #expect(tally.total.points[0].onlyOld.recordCount == 2)
    }
  }

  @Test func theCoarsestPrescaleIsTheSamples() {
    var sample = UnbiasedSample()
    #expect(sample.prescale == 0 && sample.recordCount == 0)
    let both: FlagReasons = [.unbiased, .aboveThreshold]
    let records: [(FlagReasons, UInt32)] = [
      (.unbiased, 100), (both, 1), (.unbiased, 1000), (.aboveThreshold, 5000),
    ]
    for (reasons, weight) in records { sample.add(reasons, weight: weight) }
    #expect(sample.prescale == 1000)
    #expect(sample.recordCount == 3 && sample.untoldCount == 1)
  }

  /// The weight of an event that a working point kept, too, does not tell the sample's prescale.
  @Test func thePrescaleIsTheJournalsWhereTheWeightsDoNotTellIt() {
    var sample = UnbiasedSample()
    for told: UInt32? in [nil, 10, 100, 0] {
      sample.add([.unbiased, .aboveThreshold], weight: 1, told: told)
    }
    #expect(sample.prescale == 100)
    #expect(sample.recordCount == 4 && sample.untoldCount == 2)
    // What it says of a record that the sample alone kept needs no word.
    sample.add(.unbiased, weight: 1000, told: 10)
    #expect(sample.prescale == 1000)
  }
}
