import Calibration
import ReproducibleMath
import Testing

@Suite struct BetaLawTests {
  @Test(arguments: ReferenceValues.tails)
  func agreesWithSciPy(a: Double, b: Double, x: Double, lower: Double, upper: Double) {
    let tails = BetaLaw(a: a, b: b).tails(at: x)
    #expect(abs(tails.lower - lower) <= 1e-12 * lower)
    #expect(abs(tails.upper - upper) <= 1e-12 * upper)
  }

  /// I_x(1, b) = 1 - (1 - x)^b and I_x(a, 1) = x^a.
  @Test func agreesWithClosedForms() {
    for count in [1.0, 2, 7, 100, 12345, 1e6, 1e9] {
      for x in [1e-12, 1e-6, 0.01, 0.3, 0.5, 0.9, 0.999] {
        let first = BetaLaw(a: 1, b: count).tails(at: x)
        let logUpper = count * portableLog1p(-x)
        #expect(abs(first.logUpper - logUpper) <= 1e-13 * abs(logUpper) + 1e-12)
        let last = BetaLaw(a: count, b: 1).tails(at: x)
        let logLower = count * portableLog(x)
        #expect(abs(last.logLower - logLower) <= 1e-13 * abs(logLower) + 1e-12)
      }
    }
  }

  @Test func tailsAddUpAndEndAtTheEnds() {
    for (a, b) in [(1.0, 1.0), (3, 8), (100, 99901), (1e6, 1e6)] {
      let law = BetaLaw(a: a, b: b)
      #expect(law.tails(at: 0).lower == 0 && law.tails(at: 0).upper == 1)
      #expect(law.tails(at: 1).lower == 1 && law.tails(at: 1).upper == 0)
      var last = 0.0
      for step in 0...1000 {
        let tails = law.tails(at: Double(step) / 1000)
        #expect(abs(tails.lower + tails.upper - 1) < 1e-15)
        #expect(tails.lower >= last)
        last = tails.lower
      }
    }
  }

  @Test func quantilesInvertTheTails() {
    for (a, b) in [(1.0, 1.0), (1, 1e9), (2, 3), (84, 9917), (1e5, 9e5), (1e9, 1e9), (99901, 100)] {
      let law = BetaLaw(a: a, b: b)
      for probability in [1e-6, 0.025, 0.3, 0.5, 0.9, 0.975, 0.999999] {
        let lower = law.tails(at: law.quantile(lowerTail: probability)).lower
        #expect(abs(lower - probability) <= 1e-9 * probability)
        let upper = law.tails(at: law.quantile(upperTail: probability)).upper
        #expect(abs(upper - probability) <= 1e-9 * probability)
      }
    }
  }

  @Test(arguments: ReferenceValues.clopperPearson)
  func clopperPearsonAgrees(
    successes: Int, trials: Int, confidence: Double, lower: Double, upper: Double
  ) {
    let interval = Calibration.clopperPearson(
      successes: successes, trials: trials, confidence: confidence)
    #expect(abs(interval.lowerBound - lower) <= 1e-11 * lower)
    #expect(abs(interval.upperBound - upper) <= 1e-11 * upper)
  }

  @Test func clopperPearsonWithoutTrialsSaysNothing() {
    #expect(clopperPearson(successes: 0, trials: 0, confidence: 0.95) == 0...1)
  }

  /// For few trials the coverage is a finite sum; it must never fall below the confidence.
  @Test(arguments: [1, 2, 5, 20])
  func clopperPearsonCovers(trials: Int) {
    let intervals = (0...trials).map {
      clopperPearson(successes: $0, trials: trials, confidence: 0.9)
    }
    for step in 1..<200 {
      let truth = Double(step) / 200
      var coverage = 0.0
      var chance = portablePower(1 - truth, Double(trials))
      for successes in 0...trials {
        if intervals[successes].contains(truth) { coverage += chance }
        chance *= Double(trials - successes) / Double(successes + 1) * truth / (1 - truth)
      }
      #expect(coverage >= 0.9)
    }
  }

  @Test func trueRateIntervalOfTheFormatsExample() {
    let interval = trueRateInterval(rank: 99901, of: 100_000, confidence: 0.95)
    #expect(abs(interval.lowerBound - 0.0008137116819701752) < 1e-15)
    #expect(abs(interval.upperBound - 0.0012051597126428184) < 1e-15)
  }
}
