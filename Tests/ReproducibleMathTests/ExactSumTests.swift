import ReproducibleMath
import Testing

private let random = RandomStream(seed: 20_261_125, stream: 9)

/// Any finite double: signs, subnormals and all exponents.
private func anyDouble(_ index: Int) -> Double {
  let words = random.words(at: UInt64(index))
  let double = Double(bitPattern: UInt64(words[0]) << 32 | UInt64(words[1]))
  return double.isFinite ? double : 1
}

private func shuffled<Element>(_ elements: [Element], round: Int) -> [Element] {
  var elements = elements
  for index in stride(from: elements.count - 1, to: 0, by: -1) {
    let at = UInt64(1_000_000 * (round + 1) + index)
    elements.swapAt(index, random.integer(below: index + 1, at: at))
  }
  return elements
}

private func sum(_ terms: some Sequence<Double>) -> ExactSum {
  var sum = ExactSum()
  for term in terms { sum.add(term) }
  return sum
}

@Suite struct ExactSumTests {
  @Test func oneTermComesBackToTheBit() {
    let extremes: [Double] = [
      0, 1, -1, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, .leastNormalMagnitude,
      .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 0x1.fffffffffffffp-1022, 0.1,
    ]
    for term in extremes + (0..<2000).map(anyDouble) {
      #expect(sum([term]).value.bitPattern == (term + 0).bitPattern)
    }
  }

  @Test func anyOrderAndAnyPartsGiveTheSameSum() {
    let terms = (0..<500).map(anyDouble)
    let whole = sum(terms)
    for round in 0..<20 {
      let order = shuffled(terms, round: round)
      let cut = random.integer(below: 500, at: UInt64(round))
      var parts = sum(order[cut...])
      parts.merge(sum(order[..<cut]))
      #expect(parts == whole && parts.value.bitPattern == whole.value.bitPattern)
      #expect(ExactSum(hexadecimal: parts.hexadecimal) == whole)
    }
  }

  @Test func whatCancelsLeavesNothing() {
    let terms = (0..<500).map(anyDouble)
    let both = shuffled(terms + terms.map { -$0 }, round: 77)
    #expect(sum(both).value == 0 && sum(both).hexadecimal == "0")
    #expect(sum(both + [0x1p-1074]).value == 0x1p-1074)
    #expect(sum([1e308, 1, -1e308]).value == 1)
    #expect(sum([1, 0x1p-200, -1]).value == 0x1p-200)
    #expect(sum([.greatestFiniteMagnitude, .greatestFiniteMagnitude]).value == .infinity)
    #expect(
      sum([.greatestFiniteMagnitude, .greatestFiniteMagnitude, -.greatestFiniteMagnitude]).value
        == .greatestFiniteMagnitude)
  }

  /// Halves of a unit in the last place: ties go to even, the least bit more goes up.
  @Test func theSumIsRoundedOnceToNearestEven() {
    #expect(sum([1, 0x1p-53]).value == 1)
    #expect(sum([1, 0x1p-53, 0x1p-1074]).value == 1.nextUp)
    #expect(sum([1.nextUp, 0x1p-53]).value == 1.nextUp.nextUp)
    #expect(sum([1.nextUp, 0x1p-53, -0x1p-1074]).value == 1.nextUp)
    #expect(sum([-1, -0x1p-53, -0x1p-1074]).value == -(1.nextUp))
  }

  /// Whole numbers are added by Swift's own arithmetic beside it.
  @Test func sumsOfWholeNumbersAreTheirs() {
    var expected: Int128 = 0
    var found = ExactSum()
    for index in 0..<5000 {
      let term = (anyDouble(index).significand - 1.5) * 0x1p53
      found.add(term)
      expected += Int128(term)
      if index % 97 == 0 { #expect(found.value == Double(expected)) }
    }
  }

  @Test(arguments: ["", "-", "-0", "01", "1g", "+1", "A", "1-1", " 1", "0x1"])
  func otherTextsAreNoSums(text: String) {
    #expect(ExactSum(hexadecimal: text) == nil)
    #expect(FloatMoments(count: 1, range: 1...1, powerSums: [text, "1", "1", "1"]) == nil)
  }

  @Test func aSumWiderThanItsPlaceIsRefused() {
    #expect(ExactSum(hexadecimal: String(repeating: "7", count: 17 * 32)) != nil)
    #expect(ExactSum(hexadecimal: String(repeating: "7", count: 20 * 32)) == nil)
  }
}

@Suite struct FloatMomentsTests {
  private func moments(_ numbers: some Sequence<Float>) -> FloatMoments {
    var moments = FloatMoments()
    for number in numbers { moments.add(number) }
    return moments
  }

  @Test func knownMoments() {
    let known = moments([1, 2, 3, 4, 10])
    #expect(known.count == 5 && known.mean == 4 && known.range == 1...10)
    #expect(known.standardDeviation == 10.0.squareRoot())
    // (81 + 16 + 1 + 0 + 1296) / 5 over 10^2.
    #expect(known.kurtosis == 2.788)
    let negative = moments([-1, -2, -3, -4, -10])
    #expect(negative.mean == -4 && negative.kurtosis == 2.788)
    let none = FloatMoments()
    #expect(none.mean == nil && none.standardDeviation == nil && none.kurtosis == nil)
    #expect(none.range == nil)
  }

  @Test(arguments: [0x1p-149, 0x1p-126, 7.1, Float.greatestFiniteMagnitude, -0x1.8p-140, 0, -0.0])
  func equalNumbersHaveNoSpread(number: Float) {
    let equal = moments([number, number, number])
    #expect(equal.mean == Double(number) && equal.standardDeviation == 0)
    #expect(equal.kurtosis == nil && equal.range?.lowerBound.sign == (number + 0).sign)
  }

  @Test func extremesOfTheRangeAreExact() {
    let top = Float.greatestFiniteMagnitude
    let wide = moments([top, -top])
    #expect(wide.mean == 0 && wide.standardDeviation == Double(top) && wide.kurtosis == 1)
    let small = moments([0x1p-149, -0x1p-149, top, -top].dropLast(2))
    #expect(small.standardDeviation == 0x1p-149 && small.kurtosis == 1)
    // The large ones cancel from the mean and leave the small one whole.
    #expect(moments([top, 0x1p-149, -top, -0x1p-149, 0x1p-149, 0]).mean == 0x1p-149 / 6)
  }

  @Test func stateReadsBackAndGoesOn() throws {
    let numbers = (0..<200).map { Float((random.uniform(at: UInt64($0)) - 0.3) * 1e3) }
    let whole = moments(numbers)
    let first = moments(numbers[..<77])
    var read = try #require(
      FloatMoments(count: 77, range: first.range, powerSums: first.powerSums))
    #expect(read == first)
    read.merge(moments(numbers[77...]))
    #expect(read == whole && read.kurtosis == whole.kurtosis)
  }

  @Test func sumsThatNoNumbersHaveAreRefused() {
    #expect(FloatMoments(count: 2, range: 0...1, powerSums: ["4", "1", "1", "1"]) == nil)
    #expect(FloatMoments(count: 0, range: 0...1, powerSums: ["0", "0", "0", "0"]) == nil)
    #expect(FloatMoments(count: 1, range: nil, powerSums: ["1", "1", "1", "1"]) == nil)
    #expect(FloatMoments(count: 1, range: 1...1, powerSums: ["1", "1", "1"]) == nil)
  }
}
