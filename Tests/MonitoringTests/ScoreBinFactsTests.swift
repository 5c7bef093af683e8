internal import Calibration
internal import Monitoring
internal import Testing

struct ScoreBinFactsTests {
  private let empty = [UInt64](repeating: 0, count: ScoreHistogram.binCount)

  @Test(arguments: [Float(1), 0.001, 181.25, 3e9])
  func fortyBinsAndMoreLieAroundAThreshold(_ threshold: Float) throws {
    let facts = try #require(
      ScoreBinFacts(counts: empty, reference: nil, thresholds: [threshold]))
    #expect(facts.counts.count >= 40)
    #expect(facts.edges.count == facts.counts.count + 1)
    #expect(zip(facts.edges, facts.edges.dropFirst()).allSatisfy { $0 < $1 })
    let above = facts.edges.filter { $0 > threshold }.count
    #expect(above >= 20 && facts.edges.count - above >= 20)
    #expect(facts.referenceShares == nil)
  }

  @Test func allScoresAreShownWhereverTheyLie() throws {
    var counts = empty
    counts[ScoreHistogram.bin(of: 1e-4)] = 7
    counts[ScoreHistogram.bin(of: 1e12)] = .max
    let facts = try #require(ScoreBinFacts(counts: counts, reference: nil, thresholds: [10]))
    #expect(facts.counts.filter { $0 > 0 } == [7, .max])
    let (first, last) = (try #require(facts.edges.first), try #require(facts.edges.last))
    #expect(first <= 1e-4 && last > 1e12)
  }

  @Test func theReferenceIsSharesOfItsScores() throws {
    var reference = ScoreHistogram()
    let scores: [Float] = [1, 1, 2, 1e-9, .infinity, .nan, 100, 100]
    scores.withUnsafeBufferPointer { reference.add($0) }
    let facts = try #require(
      ScoreBinFacts(counts: empty, reference: reference, thresholds: [50]))
    let shares = try #require(facts.referenceShares)
    let expected: [Double] = [2.0 / 7, 1.0 / 7, 2.0 / 7]
    #expect(shares.filter { $0 > 0 } == expected)
  }

  @Test(arguments: [[], [Float.infinity], [-1, .nan], [1e30]])
  func withoutAThresholdAmongTheBinsThereIsNothing(_ thresholds: [Float]) {
    #expect(ScoreBinFacts(counts: empty, reference: nil, thresholds: thresholds) == nil)
  }
}
