/// ln 2 in two parts; the first has 32 bits, so that its product with an exponent is exact.
enum NaturalLogarithmOfTwo {
  static let high = 0x1.62e42feep-1
  static let low = 0x1.a39ef35793c76p-33
}

/// The natural logarithm, within 1 ulp.
///
/// ln 0 is -infinity, the logarithm of a negative number NaN.
package func portableLog(_ x: Double) -> Double {
  guard x > 0, x < .infinity else { return x == 0 ? -.infinity : x > 0 ? x : .nan }
  let (mantissa, exponent) = reduceForLogarithm(x)
  let f = mantissa - 1
  let s = f / (2 + f)
  let half = 0.5 * f * f
  // ln(1 + f) = 2 artanh(s) = f - f^2/2 + s (f^2/2 + 2 s^2 artanhTail): the leading terms are kept
  // apart so that their rounding does not count.
  let rest = s * (half + s * s * inverseHyperbolicTangentTail(s * s))
  let low = exponent * NaturalLogarithmOfTwo.low
  return exponent * NaturalLogarithmOfTwo.high - ((half - (rest + low)) - f)
}

/// The natural logarithm of 1 + x, within 2 ulp, for x of any size.
package func portableLog1p(_ x: Double) -> Double {
  if x.magnitude < 0x1p-54 { return x }
  let sum = 1 + x
  guard sum > 0, sum < .infinity else { return portableLog(sum) }
  // What the rounding of 1 + x lost, to first order.
  let lost = x > 1 ? 1 - (sum - x) : x - (sum - 1)
  return portableLog(sum) + lost / sum
}

/// The logarithm with about ten bits more than a float64 holds, for powers; x is positive, finite.
func preciseLogarithm(_ x: Double) -> DoubleDouble {
  let (mantissa, exponent) = reduceForLogarithm(x)
  let numerator = mantissa - 1
  // s = numerator / (mantissa + 1), with the remainder of the division.
  let denominator = DoubleDouble(sum: mantissa, 1)
  let s = numerator / denominator.high
  let back = DoubleDouble(product: s, denominator.high)
  let remainder = ((numerator - back.high) - back.low) - s * denominator.low
  let tail = s * (s * s * inverseHyperbolicTangentTail(s * s))
  let logarithm = DoubleDouble(sum: 2 * s, 2 * (remainder / denominator.high) + tail)
  let octaves =
    DoubleDouble(exponent * NaturalLogarithmOfTwo.high)
    + DoubleDouble(product: exponent, NaturalLogarithmOfTwo.low)
  return octaves + logarithm
}

/// x = mantissa * 2^exponent with a mantissa from sqrt(1/2) to sqrt(2).
private func reduceForLogarithm(_ x: Double) -> (mantissa: Double, exponent: Double) {
  let isUpper = x.significand > 0x1.6a09e667f3bcdp0
  let mantissa = isUpper ? 0.5 * x.significand : x.significand
  return (mantissa, Double(x.exponent) + (isUpper ? 1 : 0))
}

/// 2 (artanh(s) - s) / s^3 = 2/3 + 2/5 z + 2/7 z^2 + ... for z = s^2 <= 0.0295, where the series
/// may end with z^10: the next term is below 2^-62 of the logarithm.
private func inverseHyperbolicTangentTail(_ z: Double) -> Double {
  var sum = 2.0 / 23
  for denominator in stride(from: 21.0, through: 3, by: -2) { sum = sum * z + 2 / denominator }
  return sum
}
