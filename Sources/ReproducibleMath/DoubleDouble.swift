/// An unevaluated sum of two float64 numbers, `high` rounded to nearest, with about 106 bits.
///
/// Dekker's algorithms ("A floating-point technique for extending the available precision",
/// Numer. Math. 18, 1971), without fused multiply-adds, which cost a library call where the
/// compiler may not assume the instruction.
struct DoubleDouble {
  var high: Double
  var low: Double

  init(_ high: Double, _ low: Double = 0) {
    self.high = high
    self.low = low
  }

  /// a + b exactly.
  init(sum a: Double, _ b: Double) {
    high = a + b
    let virtual = high - a
    low = (a - (high - virtual)) + (b - virtual)
  }

  /// a * b exactly, for factors below 2^996 whose product is above 2^-968.
  init(product a: Double, _ b: Double) {
    high = a * b
    let (a1, a2) = Self.halves(a)
    let (b1, b2) = Self.halves(b)
    low = ((a1 * b1 - high) + a1 * b2 + a2 * b1) + a2 * b2
  }

  static func + (left: DoubleDouble, right: DoubleDouble) -> DoubleDouble {
    let sum = DoubleDouble(sum: left.high, right.high)
    return DoubleDouble(sum: sum.high, sum.low + (left.low + right.low))
  }

  static func * (left: DoubleDouble, right: Double) -> DoubleDouble {
    let product = DoubleDouble(product: left.high, right)
    return DoubleDouble(sum: product.high, product.low + left.low * right)
  }

  /// Two numbers of 26 bits whose sum is x (Veltkamp).
  private static func halves(_ x: Double) -> (Double, Double) {
    let scaled = x * 0x1.0000002p27
    let upper = scaled - (scaled - x)
    return (upper, x - upper)
  }
}
