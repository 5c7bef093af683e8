import Calibration
import DurableFiles
import Foundation
import ReproducibleMath
import Testing

/// How rare a score is: the table, what lies beyond it, and the file.
@Suite struct BackgroundRatesTests {
  /// Scores of every kind: ties, zeros, infinities, wide and narrow.
  static func mixed(count: Int, seed: UInt64, kind: Int) -> [Float] {
    uniformScores(count: count, repeatIndex: kind, seed: seed).enumerated().map { index, uniform in
      switch kind {
      case 0: -Float(portableLog(Double(uniform)))
      case 1: (uniform * 20).rounded(.down)
      case 2: index % 7 == 0 ? 0 : uniform * 1e-6
      case 3: index % 11 == 0 ? .infinity : 1 / uniform
      case 4: 3
      default: Float(portableExp(Double(uniform) * 60 - 30))
      }
    }
  }

  private func probes(_ scores: [Float]) -> [Float] {
    let some = scores.prefix(150)
    return some.flatMap { [$0, $0.nextUp, $0.nextDown, $0 * 1.5] }.filter { !$0.isNaN }
      + [0, .leastNonzeroMagnitude, 1, .greatestFiniteMagnitude, .infinity]
  }

  /// Never below (k + 1)/(N + 1), exactly that among the 128 largest, and at most a part in 128 more
  /// down to an eighth of all.
  @Test(arguments: 0..<6, [1, 2, 7, 60, 499, 4001, 30_000])
  func ratesAreThoseOfTheRanks(kind: Int, count: Int) throws {
    let scores = Self.mixed(count: count, seed: 5, kind: kind)
    let table = try #require(BackgroundRates(ofAll: scores))
    let sorted = scores.sorted(by: >)
    for score in probes(scores) {
      let field = table.field(of: score)
      let higher = sorted.firstIndex { $0 < score } ?? count
      let exact = Float(Double(higher + 1) / Double(count + 1))
      #expect(field != 0 && field.magnitude <= 1)
      if field < 0 {
        #expect(higher == 0 && field.magnitude <= exact)
        continue
      }
      #expect(field >= exact, "\(score)")
      if higher < min(128, count / 8) { #expect(field == exact, "\(score)") }
      if higher < count / 8, kind != 1, kind != 4, kind != 2, kind != 3 {
        #expect(field <= exact * (1 + 1.0 / 127), "\(score)")
      }
    }
    #expect(table.field(of: .nan) == 0)
    #expect(table.entries.count < 2000)
  }

  @Test(arguments: 0..<6)
  func ratesNeverGrowWithTheScore(kind: Int) throws {
    let scores = Self.mixed(count: 3000, seed: 9, kind: kind)
    let table = try #require(BackgroundRates(ofAll: scores))
    let probes = (probes(scores) + (0..<2000).map { Float($0) * 0.37 }).sorted()
    let rates = probes.map { table.field(of: $0).magnitude }
    #expect(zip(rates, rates.dropFirst()).allSatisfy { $0 >= $1 })
    #expect(rates.allSatisfy { $0 > 0 && $0 <= 1 })
    let confidence = 0.95
    for score in probes.prefix(200) + [table.entries.first?.score ?? 0] {
      let found = try #require(table.estimate(of: score, confidence: confidence))
      #expect(found.interval.contains(found.rate))
      #expect(found.isExtrapolated == (table.field(of: score) < 0))
      let higher = scores.count { $0 >= score }
      let exact = clopperPearson(successes: higher, trials: 3000, confidence: confidence)
      if !found.isExtrapolated {
        #expect(found.interval.lowerBound <= exact.lowerBound)
        #expect(found.interval.upperBound >= exact.upperBound)
      }
      #expect(found.limit >= exact.upperBound)
    }
    #expect(table.estimate(of: .nan, confidence: confidence) == nil)
  }

  @Test func beyondTheSampleTheRateIsMarkedAndNeverZero() throws {
    let table = try #require(BackgroundRates(ofAll: Self.mixed(count: 5000, seed: 3, kind: 0)))
    let highest = try #require(table.entries.first).score
    let tail = try #require(table.tail)
    #expect(tail.excessCount == 70 && tail.shape >= 0)
    #expect(table.field(of: highest) == Float(2.0 / 5001))
    #expect(table.field(of: highest.nextUp) < 0)
    #expect(table.field(of: highest.nextUp) >= -Float(1.0 / 5001))
    for score: Float in [1e3, 1e6, 1e30, .greatestFiniteMagnitude, .infinity] {
      let field = table.field(of: score)
      #expect(field <= -Float.leastNormalMagnitude && field.isFinite)
    }
    let found = try #require(table.estimate(of: highest * 2, confidence: 0.95))
    #expect(found.isExtrapolated && found.interval.lowerBound < found.rate)
    #expect(found.limit == clopperPearson(successes: 0, trials: 5000, confidence: 0.95).upperBound)
  }

  /// Fewer than 500 scores, and largest ones that are equal or infinite, have no tail. The rate is then
  /// that of the ranks.
  @Test func withoutATailTheRateIsTheLowestOfTheRanks() throws {
    let few = try #require(BackgroundRates(ofAll: Self.mixed(count: 499, seed: 3, kind: 0)))
    #expect(few.tail == nil && few.field(of: 1e9) == Float(1.0 / 500))
    let equal = try #require(BackgroundRates(ofAll: Self.mixed(count: 5000, seed: 3, kind: 4)))
    #expect(equal.tail == nil && equal.field(of: 4) == Float(1.0 / 5001))
    #expect(equal.field(of: 3) == 1)
    let infinite = try #require(BackgroundRates(ofAll: Self.mixed(count: 5500, seed: 3, kind: 3)))
    #expect(infinite.tail == nil)
    #expect(infinite.field(of: .infinity) >= Float(501.0 / 5501))
    #expect(BackgroundRates(ofAll: [.nan, .nan]) == nil)
    #expect(BackgroundRates(ofAll: []) == nil)
  }

  /// An event above the threshold of a rank has at most that rank's rate, and one that is not above
  /// it has a higher one.
  @Test func thresholdsAreEntries() throws {
    let scores = Self.mixed(count: 40_000, seed: 4, kind: 0)
    var accumulator = ThresholdAccumulator(capacity: 40_000)
    var histogram = ScoreHistogram()
    withScores(scores) {
      accumulator.add($0)
      histogram.add($0)
    }
    let ranks = [333, 1777, 9999]
    let table = try #require(BackgroundRates(accumulator, histogram: histogram, including: ranks))
    let largest = accumulator.largest()
    for rank in ranks {
      let rate = Float(Double(rank) / 40_001)
      #expect(table.field(of: largest[rank - 1].nextUp) <= rate)
      #expect(table.field(of: largest[rank - 1]) > rate)
    }
  }

  @Test(arguments: [
    ("\"ranks\": [1, ", "\"ranks\": [0, ", "background_rates.ranks[0]"),
    ("\"ranks\": [1, ", "\"ranks\": [2, ", "background_rates.ranks"),
    ("\"ranks\": [1, ", "\"ranks\": [", "background_rates.ranks"),
    ("\"ranks\": [1, ", "\"ranks\": [\"1\", ", "background_rates.ranks[0]"),
    ("\"ranks\": [1, ", "\"ranks\": [-1e308, ", "background_rates.ranks[0]"),
    ("\"scores\": [", "\"scores\": [1e9999, ", "background_rates.scores[0]"),
    ("\"scores\": [", "\"scores\": [0, ", "background_rates.ranks"),
    ("\"scores\": [", "\"Scores\": [", "background_rates"),
    ("\"tail\": {", "\"tail\": {\"shape\": 1, \"old\": {}, ", "background_rates.tail"),
  ])
  func namesTheFaultOfATable(found: String, replacement: String, place: String) throws {
    var text = String(decoding: try CalibrationFileTests.full().encoded(), as: UTF8.self)
    let start = try #require(text.firstRange(of: "\"background_rates\":")).lowerBound
    let member = try #require(text[start...].firstRange(of: found), "\(found)")
    text.replaceSubrange(member, with: replacement)
    let fault = try #require(throws: FileFault.self) {
      try text.withUTF8 {
        try TriggerCalibration.decode(UnsafeRawBufferPointer($0), file: "c.json")
      }
    }
    #expect(fault.place?.hasPrefix(place) == true || fault.place?.hasPrefix("line") == true)
  }
}

/// What the rates promise, by simulation; `TAMIS_SEED` gives other numbers.
@Suite struct RateCoverageTests {
  private var seed: UInt64 {
    ProcessInfo.processInfo.environment["TAMIS_SEED"].flatMap(UInt64.init) ?? 20_261_127
  }

  /// At p the mean share of new events with a rate of p or less is that of the rank below p: at most p,
  /// and less than a part in 100 below it, within five standard errors.
  @Test(arguments: SimulatedLaw.allCases)
  func theShareIsTheRateWithinTheSample(law: SimulatedLaw) {
    let (count, rates) = (2000, [0.1, 0.03, 0.01, 0.005, 1.0 / 2001])
    let found = RateCoverage(law: law, eventCount: count, repeats: 300, seed: seed, rates: rates)
    for (index, rate) in rates.enumerated() {
      let error = 5 * found.standardError(index)
      let mean = found.mean(index)
      #expect(mean <= rate + error, "\(law) at \(rate): \(mean)")
      let expected = (rate * 2001 * (1 + 1e-9)).rounded(.down) / 2001
      #expect(mean >= expected * (1 - 1.0 / 100) - error, "\(law) at \(rate): \(mean)")
    }
  }

  /// A tenth of what the events reach is within a factor of 10 nearly always, and the mean is not
  /// far above: what the method page says.
  @Test(arguments: SimulatedLaw.allCases)
  func theTailHoldsForAFactorOfTen(law: SimulatedLaw) {
    let found = RateCoverage(
      law: law, eventCount: 2000, repeats: 300, seed: seed, rates: [0.5 / 2001, 0.1 / 2001])
    #expect(found.mean(0) <= 2 * found.rates[0], "\(law): \(found.mean(0))")
    #expect(found.mean(1) <= 5 * found.rates[1], "\(law): \(found.mean(1))")
    if law != .uniform { #expect(found.withinFactor(10, 0) >= 0.8, "\(law)") }
  }
}
