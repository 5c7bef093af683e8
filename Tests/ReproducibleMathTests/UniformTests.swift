import ReproducibleMath
import Testing

private let stream = RandomStream(seed: 20_261_123, stream: 3)

@Test func uniformsFillTheOpenUnitInterval() {
  let count = 20_000
  let values = (0..<UInt64(count)).map { stream.uniform(at: $0) }.sorted()
  #expect((values.first ?? 0) > 0)
  #expect((values.last ?? 1) < 1)
  // Kolmogorov and Smirnov: 1.95 / sqrt(n) is exceeded once in a thousand seeds.
  let distance = values.enumerated().map { abs($1 - (Double($0) + 0.5) / Double(count)) }.max()
  #expect((distance ?? 1) < 1.95 / Double(count).squareRoot())
}

@Test(arguments: [1, 2, 3, 10, 1000])
func integersStayBelowTheirBoundAndReachAllValues(bound: Int) {
  let draws = 200 * bound
  var counts = [Int](repeating: 0, count: bound)
  for index in 0..<UInt64(draws) { counts[stream.integer(below: bound, at: index)] += 1 }
  let chiSquared = counts.reduce(0.0) { $0 + (Double($1) - 200) * (Double($1) - 200) / 200 }
  let freedom = Double(bound - 1)
  #expect(chiSquared <= freedom + 4 * (2 * freedom).squareRoot())
}

@Test func streamsAndSeedsDiffer() {
  let words = stream.words(at: 7)
  #expect(RandomStream(seed: stream.seed, stream: 4).words(at: 7) != words)
  #expect(RandomStream(seed: stream.seed + 1, stream: 3).words(at: 7) != words)
  #expect(stream.words(at: 8) != words)
}

@Test func largestBoundDoesNotOverflow() {
  for index in 0..<100 as Range<UInt64> {
    #expect(stream.integer(below: .max, at: index) >= 0)
  }
}
