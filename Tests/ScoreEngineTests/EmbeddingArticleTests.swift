import Glibc
import ScoreEngine
import ScoreModel
import Testing

// begin: EmbedTheEngine
/// Scores events with one model. One thread at a time may use a scorer.
final class AnomalyScorer {
  private let scorer: EventScorer

  init(modelPath: String) throws {
    let model = try TrainedModel.load(modelPath).model
    let network = ScoringNetwork(model: model, instructionSet: try .selected())
    scorer = EventScorer(.exact(network), batchMax: 256)
  }

  /// The scores of events that lie one after another, D features each.
  func scores(of events: [Float]) -> [Float] {
    let featureCount = scorer.precision.network.featureCount
    precondition(events.count % featureCount == 0, "not whole events")
    let eventCount = events.count / featureCount
    var scores = [Float](repeating: 0, count: eventCount)
    events.withUnsafeBufferPointer { events in
      scores.withUnsafeMutableBufferPointer { scores in
        guard let from = events.baseAddress, let to = scores.baseAddress else { return }
        for first in stride(from: 0, to: eventCount, by: scorer.batchMax) {
          scorer.score(
            events: from + first * featureCount,
            eventStride: featureCount * MemoryLayout<Float>.stride,
            count: min(scorer.batchMax, eventCount - first), scores: to + first,
            attributions: nil, attributionStride: 0)
        }
      }
    }
    return scores
  }
}
// end: EmbedTheEngine

// begin: EmbedTheEngine
/// The scores of many events, made by several threads.
func scoresInParallel(
  _ network: ScoringNetwork, eventCount: Int, workers: Int,
  readFeatures: @Sendable (Range<Int>, UnsafeMutablePointer<Float>) throws -> Void
) throws -> [Float] {
  var all: [Float] = []
  try scoreInParallel(
    .exact(network), workers: workers, eventCount: eventCount, batchMax: 256,
    wantsAttributions: false, readFeatures: readFeatures
  ) { events, scores, _ in
    all += UnsafeBufferPointer(start: scores, count: events.count)
  }
  return all
}
// end: EmbedTheEngine

@Suite struct EmbeddingArticleTests {
  /// The article's two ways give the same bits, for any number of events.
  @Test(arguments: [0, 1, 255, 256, 257, 1_000])
  func theArticleScores(eventCount: Int) throws {
    let model = randomModel(
      NetworkShape(featureCount: 5, hiddenWidth: 16, blockCount: 1, levelCount: 3), levels: [0, 2])
    let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    let path = "\(folder)/tamis-article-\(getpid())-\(eventCount).safetensors"
    try model.write(to: path, replacing: true)
    defer { unlink(path) }
    var generator = TestGenerator(seed: 1)
    let events = generator.floats(5 * eventCount, within: 3)
    let scores = try AnomalyScorer(modelPath: path).scores(of: events)
    #expect(scores.count == eventCount && scores.allSatisfy { $0 > 0 })
    let network = ScoringNetwork(model: model, instructionSet: .best)
    let parallel = try scoresInParallel(network, eventCount: eventCount, workers: 3) {
      range, features in
      for index in 0..<range.count * 5 { features[index] = events[range.lowerBound * 5 + index] }
    }
    #expect(parallel == scores)
  }
}
