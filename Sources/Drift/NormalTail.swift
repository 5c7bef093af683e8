internal import ReproducibleMath

/// The number of standard deviations that a normal variable exceeds, to either side, with the
/// probability exp(`logProbability`), at most 1. Relative error below 1e-9.
package func significance(logProbability: Double) -> Double {
  if logProbability >= 0 { return 0 }
  if logProbability == -.infinity { return .infinity }
  // 2 Q(z) <= exp(-z^2 / 2). log Q is concave: Newton's method comes in from above.
  var z = (-2 * logProbability).squareRoot()
  for _ in 0..<60 {
    let logTail = logUpperTail(z)
    let hazard = portableExp(-0.5 * z * z - 0.5 * log2Pi - logTail)
    let step = (logTail + log2 - logProbability) / hazard
    z += step
    if abs(step) <= 1e-12 * max(z, 1e-3) { break }
  }
  return max(z, 0)
}

/// The same for a probability in (0, 1].
package func significance(probability: Double) -> Double {
  significance(logProbability: portableLog(probability))
}

private let log2 = 0.6931471805599453
private let log2Pi = 1.8378770664093453

/// The logarithm of the probability that a standard normal variable is above z >= 0.
package func logUpperTail(_ z: Double) -> Double {
  let logDensity = -0.5 * z * z - 0.5 * log2Pi
  if z < 3 {
    // 1/2 - density (z + z^3 / 3 + z^5 / (3 5) + ...), all terms positive.
    var term = z
    var sum = z
    var odd = 1.0
    while term > 1e-17 * sum {
      odd += 2
      term *= z * z / odd
      sum += term
    }
    return portableLog(0.5 - portableExp(logDensity) * sum)
  }
  // Laplace's continued fraction of Mills' ratio; 60 steps are exact to rounding from 3 on.
  var fraction = z
  for step in stride(from: 60.0, through: 1, by: -1) { fraction = z + step / fraction }
  return logDensity - portableLog(fraction)
}
