import Calibration
import ReproducibleMath
import Testing

/// The exact interval of a count, from what a prescale kept of it.
@Suite struct SampledCountTests {
  @Test func withoutAPrescaleTheCountIsKnown() {
    for found in [0, 1, 77, 1 << 50] {
      #expect(sampledCountInterval(found: found, prescale: 1, confidence: 0.95) == found...found)
    }
  }

  /// No event found of one in p: the count is below log(0.025) / log(1 - 1/p).
  @Test(arguments: [2, 10, 1000, 1_000_000] as [UInt32])
  func nothingFoundStillHasALimit(prescale: UInt32) {
    let found = sampledCountInterval(found: 0, prescale: prescale, confidence: 0.95)
    #expect(found.lowerBound == 0)
    let limit = portableLog(0.025) / portableLog1p(-1 / Double(prescale))
    #expect(found.upperBound == Int(limit.rounded(.down)))
  }

  @Test func endsInvertTheBinomialLaw() {
    // P(Bin(M, 1/2) >= 3): 4/16 and up at M = 4; P(Bin(3, 1/2) >= 3) = 1/8.
    let found = sampledCountInterval(found: 3, prescale: 2, confidence: 0.8)
    #expect(found.lowerBound == 3)
    // P(Bin(M, 1/2) <= 3) at M = 9: 130/512 = 0.254; at 11: 232/2048 = 0.113; at 12: 0.073.
    #expect(found.upperBound == 11)
  }

  @Test(arguments: [0, 1, 5, Int.max] as [Int], [1, 2, 1000, 100_000] as [UInt32])
  func extremesTrapNowhere(found: Int, prescale: UInt32) {
    for confidence in [1e-9, 0.5, 0.95, 0.999_999_9] {
      let ends = sampledCountInterval(found: found, prescale: prescale, confidence: confidence)
      #expect(ends.lowerBound <= ends.upperBound && ends.lowerBound >= 0)
    }
  }

  @Test func intervalsHoldTheCount() {
    let random = RandomStream(seed: 20_261_127, stream: 3)
    var (index, held) = (UInt64(0), 0)
    for _ in 0..<400 {
      var found = 0
      for _ in 0..<700 {
        index += 1
        if random.uniform(at: index) < 1 / 50.0 { found += 1 }
      }
      let ends = sampledCountInterval(found: found, prescale: 50, confidence: 0.9)
      if ends.contains(700) { held += 1 }
    }
    #expect(clopperPearson(successes: held, trials: 400, confidence: 0.9999).upperBound >= 0.9)
  }
}
