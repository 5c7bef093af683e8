internal import CScoreKernels
import Glibc
import ReproducibleMath
import Testing

private let stream = RandomStream(seed: 42, stream: 9)

private func normals(
  _ stream: RandomStream = stream, start: UInt64, count: Int
) -> [Float] {
  [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
    stream.fillGaussians(UnsafeMutableBufferPointer(rebasing: buffer[..<count]), start: start)
    initialized = count
  }
}

@Test func momentsAreThoseOfTheStandardNormal() {
  let values = normals(start: 0, count: 1 << 20)
  let count = Double(values.count)
  let moments = (1...4).map { power in
    values.reduce(0.0) { $0 + pow(Double($1), Double(power)) } / count
  }
  // Each within four standard errors: var(x^k) is 1, 2, 15 and 96.
  for (moment, (expected, variance)) in zip(moments, [(0.0, 1.0), (1, 2), (0, 15), (3, 96)]) {
    #expect(abs(moment - expected) < 4 * (variance / count).squareRoot())
  }
}

@Test func distributionIsNormal() {
  let values = normals(start: 1_000_000, count: 50_000).sorted()
  let count = Double(values.count)
  let distance = values.enumerated().map { index, value in
    abs(0.5 * erfc(-Double(value) / 2.0.squareRoot()) - (Double(index) + 0.5) / count)
  }.max()
  #expect((distance ?? 1) < 1.95 / count.squareRoot())
}

@Test func neighboursAreUncorrelated() {
  let values = normals(start: 0, count: 1 << 18)
  for lag in [1, 2, 3, 4, 64] {
    let products = zip(values, values.dropFirst(lag)).map { Double($0 * $1) }
    let mean = products.reduce(0, +) / Double(products.count)
    #expect(abs(mean) < 4 / Double(products.count).squareRoot(), "lag \(lag)")
  }
}

/// The documented construction, with the C library's functions.
@Test func normalsAreThoseOfBoxAndMuller() {
  let values = normals(start: 0, count: 40_000)
  for block in 0..<10_000 {
    let words = stream.words(at: UInt64(block))
    for half in 0..<2 {
      let u = (Double(words[2 * half]) + 0.5) * 0x1p-32
      let v = (Double(words[2 * half + 1]) + 0.5) * 0x1p-32
      let radius = (-2 * log(u)).squareRoot()
      let expected = [Float(radius * cos(2 * .pi * v)), Float(radius * sin(2 * .pi * v))]
      for (value, expected) in zip(values[(4 * block + 2 * half)...].prefix(2), expected) {
        #expect(abs(value - expected) <= expected.ulp)
      }
    }
  }
}

@Test func everyStartAndCountGivesTheSameNumbers() {
  let all = normals(start: 0, count: 200)
  for start in 0..<37 {
    for count in [0, 1, 2, 3, 4, 5, 7, 8, 31, 32, 33, 64, 65, 130] {
      #expect(normals(start: UInt64(start), count: count) == Array(all[start..<start + count]))
    }
  }
  for index in 0..<all.count { #expect(stream.gaussian(at: UInt64(index)) == all[index]) }
}

/// The block index passes 2^32, where the counter's second word begins.
@Test func largeStartsUseTheWholeCounter() {
  let start = UInt64(1) << 34
  let values = normals(start: start - 64, count: 128)
  for index in 0..<128 { #expect(stream.gaussian(at: start - 64 + UInt64(index)) == values[index]) }
  #expect(Set(values.map(\.bitPattern)).count == 128)
  #expect(Array(values.suffix(64)) != normals(start: 0, count: 64))
}

@Test func instructionSetsAgreeToTheBit() {
  let count = 40_003
  let expected = normals(start: 5, count: count).map(\.bitPattern)
  var tried = 0
  for isa in [TAMIS_ISA_SCALAR, TAMIS_ISA_AVX2, TAMIS_ISA_AVX512, TAMIS_ISA_NEON] {
    var values = [Float](repeating: 0, count: count)
    guard tamis_gaussian_fill_with(isa, stream.seed, stream.stream, 5, &values, count) else {
      #expect(!tamis_isa_available(isa))
      continue
    }
    tried += 1
    #expect(values.map(\.bitPattern) == expected, "\(String(cString: tamis_isa_name(isa)))")
  }
  #expect(tried >= 1)
}

/// Pinned bits: a change of the generator changes every simulated event and every trained model.
@Test func firstNumbersNeverChange() {
  let values = normals(RandomStream(seed: 1, stream: 0), start: 0, count: 4)
  #expect(values.map(\.bitPattern) == [0x3ec2_c3e3, 0xbe97_b1bc, 0xbe7f_370c, 0xbf80_7dbd])
}
