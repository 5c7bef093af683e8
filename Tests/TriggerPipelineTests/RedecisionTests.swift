import Calibration
import EventRecords
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
    count: Int, seed: UInt64, old: DecisionRule, new: DecisionRule, knowsOld: Bool
  ) -> (tally: Redecision, truth: [Truth]) {
    var tally = Redecision(
      rule: new, pairs: new.routes.indices.map { .init(name: "p\($0)", old: $0, new: $0) },
      samplePrescale: old.unbiasedPrescale, old: knowsOld ? (old, 7) : nil)
    var truth = new.routes.map { _ in Truth() }
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
      }
      let header = EventHeader(
        source: 1, run: UInt32(1 + index % 2), featureCount: 1, sequence: UInt64(index + 1),
        event: UInt64(index))
      event.withUnsafeMutableBytes { target in
        guard let base = target.baseAddress else { return }
        [Float(0)].withUnsafeBufferPointer { EventRecord.encode(header, features: $0, into: base) }
        let view = EventRecordView(base)
        guard let decision = old.decide(score: oldScore, event: view) else { return }
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
    return (tally, truth)
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
      let (tally, truth) = decide(
        count: 4000, seed: 100 + seed, old: Self.old, new: Self.new, knowsOld: true)
      for (point, truth) in zip(tally.total.points, truth) {
        for (cells, count, prescale) in [
          (point.both, truth.both, 10), (point.onlyOld, truth.onlyOld, 10),
          (point.onlyNew, truth.onlyNew, 50),
        ] as [(Redecision.Cells, Int, UInt32)] {
          asked += 1
          if cells.interval(confidence: 0.95, prescale: prescale).contains(Double(count)) {
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
    let (tally, truth) = decide(
      count: 4000, seed: 1, old: Self.old, new: Self.new, knowsOld: false)
    let point = tally.total.points[0]
    #expect(point.both.estimate == Double(truth[0].both))
    #expect(point.onlyOld.estimate == Double(truth[0].onlyOld))
    #expect(point.both.interval(confidence: 0.95) == point.both.estimate...point.both.estimate)
    #expect(point.onlyNew.records.keys.allSatisfy { $0 == 50 || $0 == 10 })
  }

  @Test func theSamePairChangesNothing() {
    let (tally, _) = decide(
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

  @Test func theCoarsestPrescaleIsTheSamples() {
    let none: [(FlagReasons, UInt32)] = []
    #expect(Redecision.samplePrescale(none) == 0)
    let both: FlagReasons = [.unbiased, .aboveThreshold]
    #expect(
      Redecision.samplePrescale(
        [
          (.unbiased, 100), (both, 1), (.unbiased, 1000), (.aboveThreshold, 5000),
        ] as [(FlagReasons, UInt32)]) == 1000)
  }
}
