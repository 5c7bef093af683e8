import Calibration
import Drift
import ReproducibleMath
import Testing

@Suite struct ExactTailTests {
  @Test(arguments: [
    (1.0, 0.31731050786291415), (3.0, 0.0026997960632601866), (5.0, 5.733031437583878e-07),
    (10.0, 1.5239706048321052e-23), (0.1, 0.920344325445942),
  ])
  func standardDeviationsOfAProbability(z: Double, probability: Double) {
    #expect(abs(significance(probability: probability) - z) < 1e-9 * max(z, 1))
    let tail = portableExp(logUpperTail(z)) * 2
    #expect(abs(tail / probability - 1) < 1e-12)
  }

  @Test func extremeProbabilities() {
    #expect(significance(probability: 1) == 0)
    #expect(significance(logProbability: 1) == 0)
    #expect(significance(logProbability: -.infinity) == .infinity)
    // z^2 / 2 + log z + log sqrt(pi / 2) = 5000 up to 1 / z^2.
    #expect(abs(significance(logProbability: -5_000) - 99.9516) < 0.001)
  }

  /// Sums of the law from one end, term by term.
  @Test func tailsOfSmallHypergeometricLaws() {
    for total in [5, 12, 31] {
      for marked in stride(from: 0, through: total, by: 3) {
        for draws in stride(from: 0, through: total, by: 4) {
          let law = HypergeometricLaw(total: total, marked: marked, draws: draws)
          let least = max(0, draws + marked - total)
          let most = min(draws, marked)
          let terms = (least...most).map { value in
            choose(marked, value) * choose(total - marked, draws - value) / choose(total, draws)
          }
          for value in least...most {
            let upper = terms[(value - least)...].reduce(0, +)
            let lower = terms[...(value - least)].reduce(0, +)
            let tail = law.tail(at: value)
            let expected = min(1, 2 * (tail.direction == .up ? upper : lower))
            #expect(abs(portableExp(tail.logProbability) - expected) < 1e-9)
          }
        }
      }
    }
  }

  private func choose(_ n: Int, _ k: Int) -> Double {
    (0..<k).reduce(1.0) { $0 * Double(n - $1) / Double($1 + 1) }
  }

  /// The beta-binomial law by its own formula.
  @Test func exceedancesFollowTheBetaBinomialLaw() {
    for (trials, fromTop, reference) in [(10, 1, 5), (40, 3, 20), (200, 7, 1_000)] {
      let (a, b) = (Double(fromTop), Double(reference + 1 - fromTop))
      func logBeta(_ a: Double, _ b: Double) -> Double {
        logGamma(a) + logGamma(b) - logGamma(a + b)
      }
      let terms = (0...trials).map { k in
        choose(trials, k)
          * portableExp(logBeta(a + Double(k), b + Double(trials - k)) - logBeta(a, b))
      }
      #expect(abs(terms.reduce(0, +) - 1) < 1e-9)
      for k in 0...min(trials, 60) {
        let tail = compareExceedances(k, of: trials, aboveLargest: fromTop, of: reference)
        let expected = tail.direction == .up ? terms[k...] : terms[...k]
        #expect(
          abs(portableExp(tail.logProbability) - min(1, 2 * expected.reduce(0, +))) < 1e-9)
      }
    }
  }

  @Test func aFiniteCalibrationNeverAlarmsForWhatItCannotKnow() {
    // Ten scores above the threshold: the true rate may well be twice as high, however many events
    // say so.
    let tail = compareExceedances(20_000_000, of: 10_000_000_000, aboveLargest: 10, of: 10_000)
    #expect(tail.direction == .up && tail.significance < 3)
    #expect(
      compareExceedances(20_000_000, of: 10_000_000_000, aboveLargest: 10_000, of: 10_000_000)
        .significance > 30)
  }

  @Test func twoShares() {
    #expect(
      compareShares(successes: 0, trials: 100, referenceSuccesses: 0, referenceTrials: 1_000)
        .significance == 0)
    let all = compareShares(
      successes: 2_000, trials: 2_000, referenceSuccesses: 0, referenceTrials: 100_000)
    #expect(all.direction == .up && all.significance > 50)
  }
}
