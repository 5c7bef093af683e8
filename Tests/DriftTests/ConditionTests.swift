import Calibration
import Drift
import ReproducibleMath
import Testing

@Suite struct ConditionTests {
  @Test(
    arguments: [
      0...0, 31.5...31.5, 20...60, -5...1e6, 1_008...1_024, -3e-30...2e-31, 1e30...3e30,
    ] as [ClosedRange<Float>])
  func whatWasSeenHasABin(seen: ClosedRange<Float>) throws {
    let binning = ConditionBinning(around: seen)
    let low = try #require(binning.bin(of: seen.lowerBound))
    let high = try #require(binning.bin(of: seen.upperBound))
    // Room for as much again.
    #expect(low >= 20 && high <= 107 && high - low <= 64)
    for value in [seen.lowerBound, seen.upperBound] {
      let bin = try #require(binning.bin(of: value))
      #expect(binning.lowerEdge(ofBin: bin) <= value)
      #expect(value < binning.lowerEdge(ofBin: bin + 1))
    }
    #expect(binning.bin(of: .nan) == nil && binning.bin(of: .infinity) == nil)
    #expect(binning.bin(of: -.infinity) == nil && binning.bin(of: -.greatestFiniteMagnitude) == nil)
  }

  @Test func binsOfDifferentBinningsMergeWhole() throws {
    let random = RandomStream(seed: 1, stream: 0)
    for index in UInt64(0)..<500 {
      let (a, b) = (Float(random.uniform(at: 4 * index)), Float(random.uniform(at: 4 * index + 1)))
      let one = ConditionBinning(around: -a * 10...b)
      let other = ConditionBinning(around: a...a + b * 100)
      let value = Float(random.uniform(at: 4 * index + 2))
      guard let inOne = one.bin(of: value), let inOther = other.bin(of: value) else { continue }
      let common = try #require(
        ConditionBinning.common(
          .init(exponent: one.exponent, bins: one.first...one.first + 127),
          .init(exponent: other.exponent, bins: other.first...other.first + 127)))
      let bin = try #require(common.bin(of: value))
      #expect(common.bin(ofBin: inOne, in: one) == bin)
      #expect(common.bin(ofBin: inOther, in: other) == bin)
    }
    #expect(ConditionBinning.common(nil, nil) == nil)
  }

  /// A rate that rises by a half from the lowest condition to the highest.
  @Test(arguments: UInt64(1)...5)
  func aRateThatFollowsTheConditionIsSeen(seed: UInt64) throws {
    var stream = try DecidedStream(seed: seed, points: ["nominal=0.001"])
    defer { stream.deallocate() }
    stream.rateFactor = { 1 + 0.5 * (Double($0) - 20) / 40 }
    var judge = makeJudge(stream.calibration, DriftSettings())
    for window in 0..<512 {
      let condition = 20 + 40 * Float(window % 256) / 256
      stream.next(binning: judge.binning, condition: condition) { judge.add($0, hours: 1 / 360) }
    }
    #expect(judge.report[.condition].isRaised)
    #expect(judge.report[.condition].subject == "nominal")
    let rates = judge.report.conditions
    #expect((4...8).contains(rates.count))
    #expect(
      zip(rates, rates.dropFirst()).allSatisfy {
        $0.conditions.upperBound <= $1.conditions.lowerBound
      })
    #expect(try #require(rates.last).rate > 1.25 * rates[0].rate)
    #expect(rates.allSatisfy { $0.interval.contains($0.rate) && $0.flaggedCount > 0 })
  }
}
