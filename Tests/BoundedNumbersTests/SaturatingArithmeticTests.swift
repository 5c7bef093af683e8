import BoundedNumbers
import Testing

/// Against the same operation in 128 bits, for all pairs of extremes.
struct SaturatingArithmeticTests {
  private static let signed: [Int64] = [
    .min, .min + 1, -1 << 53, -2, -1, 0, 1, 2, 1 << 31, 1 << 53 + 1, .max - 1, .max,
  ]
  private static let unsigned: [UInt64] = [0, 1, 2, 1 << 32, 1 << 63, .max - 1, .max]

  private func check<Number: FixedWidthInteger>(_ numbers: [Number]) {
    for left in numbers {
      for right in numbers {
        let (a, b) = (Int128(left), Int128(right))
        #expect(left +| right == Number(clamping: a + b), "\(left) +| \(right)")
        #expect(left -| right == Number(clamping: a - b), "\(left) -| \(right)")
        let (product, overflows) = a.multipliedReportingOverflow(by: b)
        let expected =
          overflows ? ((a < 0) == (b < 0) ? Number.max : .min) : Number(clamping: product)
        #expect(left *| right == expected, "\(left) *| \(right)")
      }
    }
  }

  @Test func signedNumbersStopAtTheEnds() { check(Self.signed) }

  @Test func unsignedNumbersStopAtTheEnds() { check(Self.unsigned) }

  @Test func sumsStopAtTheEnd() {
    #expect([UInt64.max, 1, 5].saturatingSum == .max)
    #expect([Int]().saturatingSum == 0)
    var count = UInt64.max - 1
    count +|= 3
    #expect(count == .max)
  }

  @Test(arguments: [
    (0.0, 0), (2.5, 3), (-2.5, -3), (1e308, Int.max), (-1e308, Int.min), (.infinity, .max),
    (-.infinity, .min), (.nan, 0), (.leastNonzeroMagnitude, 0), (9.223372036854775807e18, .max),
  ])
  func theNearestWholeNumber(_ number: Double, _ expected: Int) {
    #expect(Int(nearest: number) == expected)
  }

  @Test func theNearestUnsignedNumber() {
    #expect(UInt64(nearest: -1) == 0)
    #expect(UInt64(nearest: 1.8446744073709552e19) == .max)
  }
}
