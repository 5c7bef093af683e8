/// The sine of an angle in radians, |x| <= 1e6, within 1 ulp.
package func portableSine(_ x: Double) -> Double {
  let (quarter, high, low) = reduceToQuarter(x)
  return sineOfQuarter(quarter, high, low)
}

/// The cosine of an angle in radians, |x| <= 1e6, within 1 ulp.
package func portableCosine(_ x: Double) -> Double {
  let (quarter, high, low) = reduceToQuarter(x)
  return sineOfQuarter(quarter + 1, high, low)
}

/// x = quarter pi/2 + (high + low) with the rest within pi/4.
private func reduceToQuarter(_ x: Double) -> (quarter: Int, high: Double, low: Double) {
  precondition(x.magnitude <= 1e6, "an angle of \(x) radians is beyond 1e6")
  let turns = (x * 0x1.45f306dc9c883p-1).rounded(.toNearestOrEven)
  // pi/2 in three parts of 33, 33 and 53 bits: with |turns| < 2^20 the first two products are
  // exact, and so is the first difference.
  let coarse = x - turns * 0x1.921fb544p0
  let fine = DoubleDouble(sum: coarse, -(turns * 0x1.0b4611a6p-34))
  let rest = DoubleDouble(sum: fine.high, fine.low - turns * 0x1.3198a2e037073p-69)
  return (Int(turns), rest.high, rest.low)
}

/// sin(quarter pi/2 + high + low).
private func sineOfQuarter(_ quarter: Int, _ high: Double, _ low: Double) -> Double {
  switch quarter & 3 {
  case 0: sineSeries(high, low)
  case 1: cosineSeries(high, low)
  case 2: -sineSeries(high, low)
  default: -cosineSeries(high, low)
  }
}

/// Taylor's series to x^17; the next term is below 2^-62 of the sine.
private func sineSeries(_ x: Double, _ low: Double) -> Double {
  let z = x * x
  var tail = 1.0
  for k in stride(from: 17.0, through: 5, by: -2) { tail = 1 - z / (k * (k - 1)) * tail }
  // sin(x + low) = sin x + low cos x
  return x - (z * x / 6 * tail - low * (1 - 0.5 * z))
}

/// Taylor's series to x^18; the next term is below 2^-65.
private func cosineSeries(_ x: Double, _ low: Double) -> Double {
  let z = x * x
  var tail = 1.0
  for k in stride(from: 18.0, through: 6, by: -2) { tail = 1 - z / (k * (k - 1)) * tail }
  let half = 0.5 * z
  let leading = 1 - half
  // cos(x + low) = (1 - z/2) + z^2/24 tail - low sin x, with what the first difference lost.
  return leading + (((1 - leading) - half) + (half * (z / 12 * tail) - x * low))
}
