import Testing
import TriggerPipeline

@Suite struct FloodGovernorTests {
  /// A stream of events that are all flagged, so many a second for so long, decided by a governor.
  private struct Flood {
    var governor: FloodGovernor
    var nowNs: UInt64 = 1_000_000_000
    var kept: [(timeNs: UInt64, weight: UInt32)] = []
    private var generator = SplitMix(state: 7)

    init(rateMax: Int) { governor = FloodGovernor(rateMax: rateMax) }

    mutating func run(rate: Double, seconds: Double) -> Int {
      let count = Int(rate * seconds)
      for _ in 0..<count {
        nowNs += UInt64(1e9 / rate)
        let hash = PrescaleHash(run: 1, source: 1, sequence: generator.next(), event: 0)
        let prescale = governor.prescale
        let isKept = hash.passes(prescale: prescale)
        if isKept { kept.append((nowNs, prescale)) }
        _ = governor.note(isKept: isKept, nowNs: nowNs)
      }
      return count
    }
  }

  /// A clock that is set back in a flood, once or all the time, opens no door.
  @Test(arguments: [1_000, 10_000_000, 5_000_000_000] as [UInt64])
  func aClockThatGoesBackKeepsThePrescale(backNs: UInt64) {
    var flood = Flood(rateMax: 200)
    flood.nowNs = 1_000_000_000_000_000
    _ = flood.run(rate: 20_000, seconds: 2)
    let before = flood.kept.count
    for _ in 0..<100 {
      flood.nowNs -= backNs
      _ = flood.run(rate: 20_000, seconds: 0.01)
    }
    // A second has passed for the events, whatever the clock says.
    #expect(flood.kept.count - before <= 2 * 200)
    #expect(flood.governor.prescale > 16)
  }

  @Test(arguments: [1, 20, 1_000])
  func belowTheCapNothingIsHeldBack(rateMax: Int) {
    var flood = Flood(rateMax: rateMax)
    let count = flood.run(rate: 0.5 * Double(rateMax), seconds: 400 / Double(rateMax))
    #expect(flood.kept.count == count)
    #expect(flood.governor.prescale == 1)
  }

  @Test(arguments: [3.0, 10, 97, 1_000])
  func theRateStaysBelowTheCapAndTheWeightsEstimateTheCount(factor: Double) {
    let rateMax = 200
    var flood = Flood(rateMax: rateMax)
    let seconds = 20.0
    let count = flood.run(rate: factor * Double(rateMax), seconds: seconds)
    // Beyond the start of the flood, which keeps a slice's budget for every doubling, no second has
    // more than its cap.
    var perSecond: [UInt64: Int] = [:]
    for event in flood.kept { perSecond[event.timeNs / 1_000_000_000, default: 0] += 1 }
    let start = flood.kept[0].timeNs / 1_000_000_000
    #expect(perSecond.filter { $0.key > start }.allSatisfy { $0.value <= rateMax })
    #expect(perSecond[start, default: 0] <= rateMax + 20 * 12)
    // And it is not held far below what is allowed: a factor of two by the powers, two by the margin.
    #expect(flood.kept.count > Int(seconds) * rateMax / 5)
    // Horvitz-Thompson: the error of the sum is about the largest weight times sqrt(kept).
    let estimate = flood.kept.reduce(0.0) { $0 + Double($1.weight) }
    let spread = Double(count) / Double(flood.kept.count).squareRoot()
    #expect(abs(estimate - Double(count)) < 5 * spread)
  }

  @Test func aFloodEndsByItselfAndWithSilence() {
    var flood = Flood(rateMax: 100)
    _ = flood.run(rate: 50_000, seconds: 3)
    #expect(flood.governor.prescale >= 256)
    _ = flood.run(rate: 20, seconds: 1)
    #expect(flood.governor.prescale == 1)
    _ = flood.run(rate: 50_000, seconds: 3)
    let early = flood.governor.pass(nowNs: flood.nowNs + 1)
    #expect(!early && flood.governor.prescale > 1)
    let late = flood.governor.pass(nowNs: flood.nowNs + 1_000_000_000)
    #expect(late && flood.governor.prescale == 1)
  }

  @Test func aSteadyFloodDoesNotFlap() {
    var flood = Flood(rateMax: 1_000)
    _ = flood.run(rate: 6_000, seconds: 5)
    flood.kept = []
    _ = flood.run(rate: 6_000, seconds: 20)
    #expect(Set(flood.kept.map(\.weight)).count <= 2)
  }
}

/// Different numbers, for sequences.
private struct SplitMix {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 1
    return state
  }
}
