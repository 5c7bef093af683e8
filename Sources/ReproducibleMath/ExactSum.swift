/// The exact sum of any finite float64 numbers, whatever their order and exponents; rounded once,
/// when it is asked for.
package struct ExactSum: Equatable, Sendable {
  /// In units of the smallest positive double, 2^-1074.
  private var sum = FixedPointSum<67>()

  /// No terms.
  package init() {}

  /// Adds a finite number.
  package mutating func add(_ term: Double) {
    precondition(term.isFinite, "an exact sum has no place for \(term)")
    let exponent = Int(term.exponentBitPattern)
    let hidden: UInt64 = exponent == 0 ? 0 : 1 << 52
    sum.add(
      UInt128(term.significandBitPattern | hidden), shift: max(exponent, 1) - 1,
      isNegative: term.sign == .minus, parts: 3)
  }

  /// Adds all terms of `other`.
  package mutating func merge(_ other: ExactSum) {
    sum.merge(other.sum)
  }

  /// The sum, rounded to nearest with ties to even; infinite beyond the range of float64.
  package var value: Double { sum.integer.scaled(by: -1074) }

  /// The sum as a hexadecimal integer, in units of 2^-1074.
  package var hexadecimal: String { sum.integer.hexadecimal }

  /// The sum whose `hexadecimal` is `text`; nil for any other text.
  package init?(hexadecimal text: String) {
    guard let integer = ExactInteger(hexadecimal: text), let sum = FixedPointSum<67>(integer) else {
      return nil
    }
    self.sum = sum
  }

  /// Whether the exact sums are the same.
  package static func == (left: ExactSum, right: ExactSum) -> Bool {
    left.sum.integer == right.sum.integer
  }
}
