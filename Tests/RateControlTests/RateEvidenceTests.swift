import RateControl
import ReproducibleMath
import Testing

@Suite struct RateEvidenceTests {
  private static let target = 1e-3
  private static let scoredALook = 20_000

  private static func evidence(_ alpha: Double = 1e-3) -> RateEvidence {
    RateEvidence(target: target, tolerance: 1.25, falseAlarmProbability: alpha)
  }

  /// A Poisson count by inversion.
  private static func count(_ mean: Double, _ stream: RandomStream, _ index: UInt64) -> UInt64 {
    var (left, count) = (stream.uniform(at: index), 0 as UInt64)
    var term = portableExp(-mean)
    while left > term, count < 10_000 {
      left -= term
      count += 1
      term *= mean / Double(count)
    }
    return count
  }

  /// The look at which an alarm goes on under this rate, from `from` on; nil for never.
  private static func alarm(
    _ evidence: inout RateEvidence, looks: Range<UInt64>, ratio: (UInt64) -> Double, seed: UInt64
  ) -> UInt64? {
    let stream = RandomStream(seed: seed, stream: 77)
    for look in looks {
      let fired = count(ratio(look) * target * Double(scoredALook), stream, look)
      if evidence.note(fired: fired, scored: UInt64(scoredALook)) { return look }
    }
    return nil
  }

  /// At the very edge of what is allowed, where the test is least sure, fewer than one life in 20 has a
  /// false alarm at 0.05, though it is looked at after every second.
  @Test func falseAlarmsOverTheWholeLifeAreRarerThanStated() {
    for (ratio, name) in [(1.25, "upper"), (1 / 1.25, "lower")] {
      var alarms = 0
      for seed in 0..<60 as Range<UInt64> {
        var evidence = Self.evidence(0.05)
        if Self.alarm(&evidence, looks: 0..<400, ratio: { _ in ratio }, seed: seed) != nil {
          alarms += 1
        }
      }
      // 60 lives at 0.025 a side: 1.5 expected at most, 8 in one case of 10,000.
      #expect(alarms <= 7, "\(name): \(alarms)")
    }
  }

  /// A rate that wanders within the tolerance, as it does under control, raises nothing.
  @Test func aRateThatWandersInTheBandIsNoAlarm() {
    for seed in 0..<5 as Range<UInt64> {
      var evidence = Self.evidence()
      let found = Self.alarm(
        &evidence, looks: 0..<900, ratio: { 1 + 0.19 * portableSine(Double($0) / 60) }, seed: seed
      )
      #expect(found == nil)
    }
  }

  /// A change is found however long the stream was right before: seconds, not minutes.
  @Test(arguments: [(2.0, 30), (5, 4), (0.3, 60), (0, 20)] as [(Double, Int)])
  func aChangeIsFoundSoon(ratio: Double, within: Int) {
    for seed in 0..<5 as Range<UInt64> {
      var evidence = Self.evidence()
      let change: UInt64 = 600
      let found = Self.alarm(
        &evidence, looks: 0..<700, ratio: { $0 < change ? 1 : ratio }, seed: 1_000 + seed)
      #expect(found.map { $0 >= change && Int($0 - change) < within } ?? false, "\(found ?? 0)")
      #expect(evidence.raised == (ratio > 1 ? .above : .below))
    }
  }

  @Test func anAlarmThatWasClearedLeavesLessForTheNext() {
    var evidence = Self.evidence()
    let first = evidence.limit
    let isRaised = evidence.note(fired: 400, scored: 20_000)
    #expect(isRaised && evidence.limit == first)
    let isRaisedTwice = evidence.note(fired: 400, scored: 20_000)
    #expect(!isRaisedTwice)
    evidence.clear()
    #expect(evidence.raised == nil && evidence.limit > first)
    let isRaisedAgain = evidence.note(fired: 400, scored: 20_000)
    #expect(isRaisedAgain && evidence.alarmCount == 2)
  }

  @Test func extremesAreTaken() {
    for target in [1e-6, 0.5] {
      var evidence = RateEvidence(target: target, tolerance: 1.25, falseAlarmProbability: 1e-3)
      for (fired, scored) in [(0, 0), (5, 3), (0, .max), (.max, .max), (.max, 1)]
        as [(UInt64, UInt64)]
      {
        _ = evidence.note(fired: fired, scored: scored)
        #expect(!evidence.evidenceAbove.isNaN && !evidence.evidenceBelow.isNaN)
        evidence.clear()
      }
    }
  }
}
