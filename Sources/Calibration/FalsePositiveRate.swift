/// A target false-positive rate: the decimal that the user typed, kept exactly.
///
/// 0.001 is no binary fraction; a rank computed from the nearest double may be one off. The rate is
/// therefore kept as `numerator / 10^decimalPlaces`, and ranks come from integers only.
package struct FalsePositiveRate: Hashable, Sendable {
  /// Not a multiple of 10, so that equal rates are equal; at most 18 digits.
  let numerator: UInt64
  /// At most 32.
  let decimalPlaces: Int

  private static let digitsMax = 18
  /// Rates below 1e-15 are refused: no run has the events for them.
  private static let leadingZerosMax = 14

  /// Reads a decimal such as `0.001`, `1e-3` or `2.5E-4`, greater than 0 and less than 1, not
  /// below 1e-15, with at most 18 significant digits. Anything else is nil.
  package init?(_ text: some StringProtocol) {
    let parts = text.split(omittingEmptySubsequences: false) { $0 == "e" || $0 == "E" }
    guard let mantissa = parts.first, parts.count <= 2 else { return nil }
    let exponent = parts.count == 2 ? Self.exponent(parts[1]) : 0
    let places = mantissa.split(separator: ".", omittingEmptySubsequences: false)
    let digits = places.joined()
    guard let exponent, places.count <= 2, !digits.isEmpty,
      digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
    else { return nil }
    let significant = digits.drop { $0 == "0" }
    let tail = significant.reversed().prefix { $0 == "0" }.count
    let kept = significant.dropLast(tail)
    // The value is `kept` x 10^-decimalPlaces.
    let fraction = places.count == 2 ? places[1].count : 0
    let decimalPlaces = fraction - exponent - tail
    guard kept.count <= Self.digitsMax, let numerator = UInt64(kept),
      decimalPlaces >= kept.count, decimalPlaces - kept.count <= Self.leadingZerosMax
    else { return nil }
    self.numerator = numerator
    self.decimalPlaces = decimalPlaces
  }

  private static func exponent(_ text: some StringProtocol) -> Int? {
    Int(text).flatMap { (-1000...1000).contains($0) ? $0 : nil }
  }

  /// The nearest double.
  package var value: Double { Double(description) ?? .nan }

  /// `floor(count * rate)`, exactly; `count` is not negative.
  func floorOfProduct(with count: Int) -> Int {
    // Below 2^63 * 10^18 < 2^128.
    let product = UInt128(UInt64(count)) * UInt128(numerator)
    return Int(product / Self.powerOfTen(decimalPlaces))
  }

  /// `ceil(1 / rate)`, exactly.
  var reciprocalRoundedUp: Int {
    let denominator = Self.powerOfTen(decimalPlaces)
    let numerator = UInt128(numerator)
    return Int((denominator + numerator - 1) / numerator)
  }

  private static func powerOfTen(_ exponent: Int) -> UInt128 {
    (0..<exponent).reduce(1) { power, _ in power * 10 }
  }
}

extension FalsePositiveRate: Comparable, CustomStringConvertible {
  /// Compares exactly.
  package static func < (left: Self, right: Self) -> Bool {
    let places = max(left.decimalPlaces, right.decimalPlaces)
    return UInt128(left.numerator) * powerOfTen(places - left.decimalPlaces)
      < UInt128(right.numerator) * powerOfTen(places - right.decimalPlaces)
  }

  /// The decimal, exactly, as JSON takes it: `0.001`, `2.5e-06`.
  package var description: String {
    let digits = String(numerator)
    let zeros = decimalPlaces - digits.count
    if zeros < 4 { return "0." + String(repeating: "0", count: zeros) + digits }
    let fraction = digits.count > 1 ? ".\(digits.dropFirst())" : ""
    return "\(digits.prefix(1))\(fraction)e-\(zeros + 1 < 10 ? "0" : "")\(zeros + 1)"
  }
}
