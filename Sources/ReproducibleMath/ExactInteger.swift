/// A whole number of any size: the value of an exact sum, and the arithmetic that moments need of
/// it. Meant for some dozens of words; multiplication is the school's.
struct ExactInteger: Equatable, Sendable {
  /// Never true for 0.
  private(set) var isNegative: Bool
  /// The magnitude, lowest 32 bits first; the last word is not 0, and 0 has none.
  private(set) var words: [UInt32]

  /// The number with this sign and magnitude.
  init(isNegative: Bool = false, magnitude words: [UInt32]) {
    self.words = words
    while self.words.last == 0 { self.words.removeLast() }
    self.isNegative = isNegative && !self.words.isEmpty
  }

  init(_ value: Int) {
    let magnitude = UInt64(value.magnitude)
    self.init(
      isNegative: value < 0,
      magnitude: [UInt32(truncatingIfNeeded: magnitude), UInt32(magnitude >> 32)])
  }

  /// The number whose two's complement these words are, lowest first.
  init(twosComplement words: [UInt32]) {
    let isNegative = (words.last ?? 0) >> 31 == 1
    self.init(isNegative: isNegative, magnitude: isNegative ? Self.negated(words) : words)
  }

  /// `wordCount` words of two's complement, lowest first; nil where they do not hold the number.
  func twosComplement(wordCount: Int) -> [UInt32]? {
    guard words.count < wordCount || words.count == wordCount && words[wordCount - 1] >> 31 == 0
    else { return nil }
    let padded = words + [UInt32](repeating: 0, count: wordCount - words.count)
    return isNegative ? Self.negated(padded) : padded
  }

  private static func negated(_ words: [UInt32]) -> [UInt32] {
    var carry = true
    return words.map { word in
      let (negated, overflow) = (~word).addingReportingOverflow(carry ? 1 : 0)
      carry = overflow
      return negated
    }
  }

  /// Bits of the magnitude; 0 for 0.
  var bitCount: Int {
    words.last.map { 32 * words.count - $0.leadingZeroBitCount } ?? 0
  }

  /// self * 2^`exponent`, rounded once to nearest, ties to even. The result must not be
  /// subnormal, but for a number of at most 53 bits.
  func scaled(by exponent: Int) -> Double {
    let dropped = max(0, bitCount - 64)
    var leading: UInt64 = 0
    for bit in stride(from: 64, through: 0, by: -32) {
      // The three words that hold the 64 leading bits.
      let index = dropped / 32 + bit / 32
      guard index < words.count else { continue }
      let place = bit - dropped % 32
      leading |= place < 0 ? UInt64(words[index]) >> -place : UInt64(words[index]) << place
    }
    let isExact =
      words.prefix(dropped / 32).allSatisfy { $0 == 0 }
      && (dropped == 0 || words[dropped / 32] & ((1 << (dropped % 32)) - 1) == 0)
    // Of 64 bits a double needs 53 and two for rounding: the last may stand for dropped ones.
    if !isExact { leading |= 1 }
    let magnitude = Double(sign: .plus, exponent: exponent + dropped, significand: Double(leading))
    return isNegative ? -magnitude : magnitude
  }
}

extension ExactInteger {
  static prefix func - (number: ExactInteger) -> ExactInteger {
    ExactInteger(isNegative: !number.isNegative, magnitude: number.words)
  }

  static func + (left: ExactInteger, right: ExactInteger) -> ExactInteger {
    let wordCount = max(left.words.count, right.words.count) + 1
    guard let a = left.twosComplement(wordCount: wordCount),
      let b = right.twosComplement(wordCount: wordCount)
    else { preconditionFailure("one word more than either holds the sum") }
    var carry: UInt64 = 0
    let sum = zip(a, b).map { a, b in
      carry += UInt64(a) + UInt64(b)
      defer { carry >>= 32 }
      return UInt32(truncatingIfNeeded: carry)
    }
    return ExactInteger(twosComplement: sum)
  }

  static func - (left: ExactInteger, right: ExactInteger) -> ExactInteger { left + -right }

  static func * (left: ExactInteger, right: ExactInteger) -> ExactInteger {
    var product = [UInt32](repeating: 0, count: left.words.count + right.words.count)
    for (i, a) in left.words.enumerated() {
      var carry: UInt64 = 0
      for (j, b) in right.words.enumerated() {
        carry += UInt64(a) * UInt64(b) + UInt64(product[i + j])
        product[i + j] = UInt32(truncatingIfNeeded: carry)
        carry >>= 32
      }
      product[i + right.words.count] = UInt32(carry)
    }
    return ExactInteger(isNegative: left.isNegative != right.isNegative, magnitude: product)
  }
}

extension ExactInteger {
  /// Hexadecimal digits in lower case, without leading zeros, after a minus where negative.
  var hexadecimal: String {
    guard let highest = words.last else { return "0" }
    let rest = words.dropLast().reversed().map { word in
      let digits = String(word, radix: 16)
      return String(repeating: "0", count: 8 - digits.count) + digits
    }
    return (isNegative ? "-" : "") + String(highest, radix: 16) + rest.joined()
  }

  /// The number whose `hexadecimal` is `text`; nil for any other text.
  init?(hexadecimal text: String) {
    var digits = Array(text.utf8)
    let isNegative = digits.first == UInt8(ascii: "-")
    if isNegative { digits.removeFirst() }
    var words: [UInt32] = []
    while !digits.isEmpty {
      guard let word = UInt32(String(decoding: digits.suffix(8), as: UTF8.self), radix: 16)
      else { return nil }
      words.append(word)
      digits.removeLast(min(8, digits.count))
    }
    self.init(isNegative: isNegative, magnitude: words)
    // Capitals, leading zeros and signs within the digits give another text.
    if hexadecimal != text { return nil }
  }
}
