internal import DurableFiles
internal import NumberText
internal import ReproducibleMath

/// A threshold for a rate for which there are too few events, from a generalised Pareto tail.
struct TailExtrapolation {
  let request: WorkingPointRequest
  let confidence: Double
  /// The stream of this working point's random numbers.
  let stream: UInt64

  /// The factor by which a rate may be below 1/(N + 1). Measured on exponential scores, 95 %
  /// intervals cover 95 % of true rates at twice, 90 % at ten times, 86 % at fifty times.
  private static let reachMax = 10.0
  /// Where the moments' estimate of the shape loses its meaning.
  private static let shapeMax = 0.5
  private static let repeatCount = 1000
  private static let seed: UInt64 = 0x7461_696C

  /// Fits the excesses over the (m + 1)-th largest score. `largest` holds the largest of `count`
  /// scores, largest first, at least m + 1 of them.
  func workingPoint(_ largest: [Float], count: Int) throws(CalibrationError) -> WorkingPoint {
    let excessCount = ParetoTail.excessCount(of: count)
    try check(count: count, excessCount: excessCount, largest)
    let base = Double(largest[excessCount])
    let excesses = largest.prefix(excessCount).map { Double($0) - base }
    let baseRate = Double(excessCount) / Double(count)
    guard excesses[0] > 0 else { throw failure("the largest scores are all equal") }
    let tail = ParetoTail(fitting: excesses, base: base, baseRate: baseRate)
    guard tail.shape <= Self.shapeMax else {
      throw failure("it is too heavy (shape \(tail.shape), at most \(Self.shapeMax))")
    }
    let threshold = Float(base + excess(of: tail, largest: excesses[0]))
    guard threshold.isFinite else { throw failure("it runs past float32's range") }
    return WorkingPoint(
      name: request.name, targetFPR: request.targetFPR, threshold: threshold, rank: nil,
      fprInterval: rateInterval(of: tail, count: count), guarantee: .noPromise,
      prescale: request.prescale, tail: tail)
  }

  private func check(
    count: Int, excessCount: Int, _ largest: [Float]
  ) throws(CalibrationError) {
    if count < 10 * excessCount {
      throw failure(
        "it needs at least \(10 * excessCount) scorable background events, found \(count)")
    }
    precondition(largest.count > excessCount, "the accumulator was made without extrapolation")
    if largest[0] == .infinity { throw failure("some background scores are infinite") }
    let reach = 1 / (request.targetFPR.value * Double(count + 1))
    if reach > Self.reachMax {
      throw failure(
        "\(counted(count, "event")) reach down to \(1 / (Self.reachMax * Double(count + 1))), a "
          + "tenth of what ranks reach")
    }
  }

  private func failure(_ reason: String) -> CalibrationError {
    .noExtrapolation(workingPoint: request.name, rate: request.targetFPR, reason: reason)
  }

  /// The excess at the target rate by the fit, or the largest excess seen where that is larger.
  private func excess(of tail: ParetoTail, largest: Double) -> Double {
    max(largest, tail.excess(survival: min(request.targetFPR.value / tail.baseRate, 1)))
  }

  /// The interval of the true rate, by a parametric bootstrap: the rates above the thresholds of new
  /// samples from the fitted tail. The share above the base is drawn from its own law, Beta(m + 1, N -
  /// m), by quantiles. The interval does not include the doubt whether the tail is a Pareto tail.
  private func rateInterval(of tail: ParetoTail, count: Int) -> ClosedRange<Double> {
    let random = RandomStream(seed: Self.seed, stream: stream)
    let law = BetaLaw(rank: tail.excessCount + 1, of: count)
    var rates: [Double] = []
    for index in 0..<Self.repeatCount {
      let start = UInt64(index * (tail.excessCount + 1))
      let baseRate = law.quantile(lowerTail: random.uniform(at: start))
      let excesses = tail.resampled(random, start: start)
      let repeated = ParetoTail(fitting: excesses, base: tail.base, baseRate: tail.baseRate)
      let rate = baseRate * tail.survival(excess: excess(of: repeated, largest: excesses[0]))
      rates.append(rate.isNaN ? 1 : min(rate, 1))
    }
    rates.sort()
    return centralRange(rates, confidence: confidence)
  }
}
