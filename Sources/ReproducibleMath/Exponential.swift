/// e to the power x, within 1 ulp where the result is a normal number.
package func portableExp(_ x: Double) -> Double {
  exponential(DoubleDouble(x))
}

/// `base` to the power `exponent`, for a base >= 0; a negative base gives NaN.
///
/// Within 1 ulp for |exponent ln(base)| <= 16 and within 4 ulp elsewhere, where the result is a
/// normal number.
package func portablePower(_ base: Double, _ exponent: Double) -> Double {
  if exponent == 0 || base == 1 { return 1 }
  guard base >= 0, !exponent.isNaN else { return .nan }
  if base == 0 || base == .infinity { return (base == 0) == (exponent > 0) ? 0 : .infinity }
  if exponent.isInfinite { return (base > 1) == (exponent > 0) ? .infinity : 0 }
  let logarithm = preciseLogarithm(base)
  // Far outside the range of results; also keeps the exact product below from overflowing.
  let estimate = logarithm.high * exponent
  guard estimate.magnitude < 800 else { return estimate > 0 ? .infinity : 0 }
  return exponential(logarithm * exponent)
}

/// e to the power of a sum whose low part is small against the high one.
private func exponential(_ x: DoubleDouble) -> Double {
  if x.high.isNaN { return x.high }
  if x.high > 710 { return .infinity }
  if x.high < -746 { return 0 }
  // x = octaves ln 2 + r with |r| <= 0.347.
  let octaves = (x.high * 0x1.71547652b82fep0).rounded(.toNearestOrEven)
  let high = x.high - octaves * NaturalLogarithmOfTwo.high
  let low = x.low - octaves * NaturalLogarithmOfTwo.low
  let r = high + low
  let lost = (high - r) + low
  // Taylor's series: the first term left out, r^14/14!, is below 2^-57.
  var tail = 1 / 6_227_020_800.0
  for factorial in inverseFactorialDenominators { tail = tail * r + 1 / factorial }
  let result = 1 + (r + (lost + (r * r * tail + lost * r)))
  return scale(result, byPowerOfTwo: Int(octaves))
}

/// 12!, 11!, ... 2!
private let inverseFactorialDenominators: [Double] = [
  479_001_600, 39_916_800, 3_628_800, 362_880, 40_320, 5_040, 720, 120, 24, 6, 2,
]

/// x 2^n in two steps, since 2^n itself may be out of range.
private func scale(_ x: Double, byPowerOfTwo n: Int) -> Double {
  let half = n / 2
  return x * powerOfTwo(half) * powerOfTwo(n - half)
}

private func powerOfTwo(_ n: Int) -> Double {
  Double(sign: .plus, exponent: n, significand: 1)
}
