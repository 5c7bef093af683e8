internal import BoundedNumbers

/// Mean, spread and kurtosis of any finite float32 numbers, from their exact power sums: the result
/// depends on the set of numbers alone, to the bit, and cancellation costs nothing however far the
/// numbers lie from 0.
///
/// A float32 is m 2^e with a whole m of 24 bits, so x, x^2, x^3 and x^4 are whole numbers of 24 to
/// 96 bits in units of 2^-149, 2^-298, 2^-447 and 2^-596.
package struct FloatMoments: Equatable, Sendable {
  /// The numbers added.
  package private(set) var count = 0
  /// The least and the greatest one; 0 is +0. Nil without any.
  package var range: ClosedRange<Float>? { count == 0 ? nil : minimum...maximum }
  private var minimum = Float.infinity
  private var maximum = -Float.infinity
  private var firsts = FixedPointSum<10>()
  private var squares = FixedPointSum<19>()
  private var cubes = FixedPointSum<28>()
  private var fourths = FixedPointSum<36>()

  /// No numbers.
  package init() {}

  /// Adds a finite number.
  @inline(__always)
  package mutating func add(_ number: Float) {
    // -0 + 0 is +0: the extremes must not depend on which zero came first.
    let number = number + 0
    precondition(number.isFinite, "moments of \(number)")
    count += 1
    minimum = min(minimum, number)
    maximum = max(maximum, number)
    let biased = Int(number.exponentBitPattern)
    let exponent = max(biased, 1) - 1
    let whole = UInt64(number.significandBitPattern) | (biased == 0 ? 0 : 1 << 23)
    let square = whole &* whole
    let isNegative = number < 0
    firsts.add(UInt128(whole), shift: exponent, isNegative: isNegative, parts: 2)
    squares.add(UInt128(square), shift: 2 * exponent, isNegative: false, parts: 3)
    cubes.add(
      UInt128(square) &* UInt128(whole), shift: 3 * exponent, isNegative: isNegative, parts: 4)
    fourths.add(
      UInt128(square) &* UInt128(square), shift: 4 * exponent, isNegative: false, parts: 4)
  }

  /// Adds the finite ones of `rows` to the moments of their columns: number i to `columns[i mod
  /// width]`, where `width` is the number of columns.
  package static func add(
    rows: UnsafeBufferPointer<Float>, to columns: inout [FloatMoments]
  ) {
    let width = columns.count
    precondition(width > 0 && rows.count % width == 0, "part of a row")
    columns.withUnsafeMutableBufferPointer { columns in
      for first in stride(from: 0, to: rows.count, by: width) {
        for column in 0..<width where rows[first + column].isFinite {
          columns[column].add(rows[first + column])
        }
      }
    }
  }

  /// Adds all numbers of `other`.
  package mutating func merge(_ other: FloatMoments) {
    count +|= other.count
    minimum = min(minimum, other.minimum)
    maximum = max(maximum, other.maximum)
    firsts.merge(other.firsts)
    squares.merge(other.squares)
    cubes.merge(other.cubes)
    fourths.merge(other.fourths)
  }

  /// Within two roundings of the exact mean; nil without numbers.
  package var mean: Double? {
    if count == 0 { return nil }
    return firsts.integer.scaled(by: -149) / Double(count)
  }

  /// The root of the mean squared distance from the mean, within a few roundings; exactly 0 for
  /// equal numbers, nil without any.
  package var standardDeviation: Double? {
    if count == 0 { return nil }
    let size = Double(count)
    return (squaredDistances.scaled(by: -298) / (size * size)).squareRoot()
  }

  /// E[(x - mean)^4] / E[(x - mean)^2]^2, 3 for a Gaussian; nil where all numbers are equal.
  package var kurtosis: Double? {
    let squares = squaredDistances.scaled(by: -298)
    return squares > 0 ? fourthDistances.scaled(by: -596) / (squares * squares) : nil
  }

  /// Whether `count` numbers within the range can have these sums, but for the rounding of this
  /// comparison.
  private var isWithinRange: Bool {
    guard let mean, let deviation = standardDeviation else {
      return powerSums == ["0", "0", "0", "0"]
    }
    let (low, high) = (Double(minimum), Double(maximum))
    let reach = max(low.magnitude, high.magnitude)
    let slack = 1e-9 * reach
    let size = Double(count)
    return mean >= low - slack && mean <= high + slack && deviation <= high - low + slack
      && (cubes.integer.scaled(by: -447) / size).magnitude <= reach * reach * reach * (1 + 1e-9)
      && fourths.integer.scaled(by: -596) / size <= reach * reach * reach * reach * (1 + 1e-9)
  }

  /// n^2 E[(x - mean)^2] = n S2 - S1^2.
  private var squaredDistances: ExactInteger {
    ExactInteger(count) * squares.integer - firsts.integer * firsts.integer
  }

  /// n^4 E[(x - mean)^4] = n^3 S4 - 4 n^2 S1 S3 + 6 n S1^2 S2 - 3 S1^4.
  private var fourthDistances: ExactInteger {
    let (n, s1) = (ExactInteger(count), firsts.integer)
    let positive = n * n * n * fourths.integer + ExactInteger(6) * n * s1 * s1 * squares.integer
    let negative =
      ExactInteger(4) * n * n * s1 * cubes.integer + ExactInteger(3) * s1 * s1 * s1 * s1
    return positive - negative
  }

  /// Whether count, extremes and exact power sums are the same.
  package static func == (left: FloatMoments, right: FloatMoments) -> Bool {
    left.count == right.count && left.range == right.range && left.powerSums == right.powerSums
  }
}

extension FloatMoments {
  /// The sums of x, x^2, x^3 and x^4 as hexadecimal integers, in units of 2^-149, 2^-298, 2^-447
  /// and 2^-596.
  package var powerSums: [String] {
    [
      firsts.integer.hexadecimal, squares.integer.hexadecimal, cubes.integer.hexadecimal,
      fourths.integer.hexadecimal,
    ]
  }

  /// Moments of `count` numbers of known extremes and power sums; nil for sums that no such numbers
  /// have.
  package init?(count: Int, range: ClosedRange<Float>?, powerSums: [String]) {
    let integers = powerSums.compactMap(ExactInteger.init(hexadecimal:))
    guard count >= 0, (count == 0) == (range == nil), integers.count == 4, powerSums.count == 4,
      let firsts = FixedPointSum<10>(integers[0]), let squares = FixedPointSum<19>(integers[1]),
      let cubes = FixedPointSum<28>(integers[2]), let fourths = FixedPointSum<36>(integers[3])
    else { return nil }
    self.count = count
    minimum = range?.lowerBound ?? .infinity
    maximum = range?.upperBound ?? -.infinity
    self.firsts = firsts
    self.squares = squares
    self.cubes = cubes
    self.fourths = fourths
    // By Cauchy and Schwarz neither is negative.
    if squaredDistances.isNegative || fourthDistances.isNegative || !isWithinRange { return nil }
  }
}
