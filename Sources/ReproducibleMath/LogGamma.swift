/// The logarithm of the gamma function for x > 0, to 2e-14 absolute or 4 ulp, whichever is larger.
///
/// Stirling's series from x = 16 on, the recurrence below.
package func logGamma(_ x: Double) -> Double {
  precondition(x > 0, "logGamma of \(x)")
  if x == .infinity { return x }
  var argument = x
  var product = 1.0
  while argument < 16 {
    product *= argument
    argument += 1
  }
  let stirling =
    (argument - 0.5) * portableLog(argument) - argument + 0.5 * 0x1.d67f1c864beb5p0
    + stirlingTail(argument)
  return product == 1 ? stirling : stirling - portableLog(product)
}

/// 1/(12 x) - 1/(360 x^3) + ... with B_2k / (2k (2k - 1) x^(2k - 1)) to k = 7; for x >= 16 the next
/// term is below 1e-18.
package func stirlingTail(_ x: Double) -> Double {
  let z = 1 / (x * x)
  var sum = 1 / 156.0
  for term in [-691 / 360_360.0, 1 / 1188.0, -1 / 1680.0, 1 / 1260.0, -1 / 360.0, 1 / 12.0] {
    sum = sum * z + term
  }
  return sum / x
}
