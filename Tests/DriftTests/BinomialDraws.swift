import ReproducibleMath

/// Binomial numbers by inversion from the mode, from a stream of their own.
struct BinomialDraws {
  private let random: RandomStream
  private var index: UInt64 = 0

  init(seed: UInt64, stream: UInt64) { random = RandomStream(seed: seed, stream: stream) }

  mutating func uniform() -> Double {
    index += 1
    return random.uniform(at: index)
  }

  mutating func draw(_ trials: Int, _ probability: Double) -> Int {
    if trials == 0 || probability <= 0 { return 0 }
    if probability >= 1 { return trials }
    let odds = probability / (1 - probability)
    let mode = min(trials, Int(Double(trials + 1) * probability))
    func logFactorial(_ n: Int) -> Double { logGamma(Double(n + 1)) }
    let atMode = portableExp(
      logFactorial(trials) - logFactorial(mode) - logFactorial(trials - mode)
        + Double(mode) * portableLog(probability)
        + Double(trials - mode) * portableLog1p(-probability))
    // Terms in the order mode, mode + 1, mode - 1, mode + 2, ...
    var left = uniform() - atMode
    var (up, down) = (mode, mode)
    var (upper, lower) = (atMode, atMode)
    while left > 0, up < trials || down > 0 {
      if up < trials {
        upper *= Double(trials - up) / Double(up + 1) * odds
        up += 1
        left -= upper
        if left <= 0 { return up }
      }
      if down > 0 {
        lower *= Double(down) / Double(trials - down + 1) / odds
        down -= 1
        left -= lower
        if left <= 0 { return down }
      }
      if upper < 1e-18, lower < 1e-18 { break }
    }
    return mode
  }
}
