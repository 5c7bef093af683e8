import ScoreEngine
import ScoreModel

/// SplitMix64 (Steele, Lea and Flood 2014): the same tests on every machine.
struct TestGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Uniform values in -bound ... bound.
  mutating func floats(_ count: Int, within bound: Float) -> [Float] {
    (0..<count).map { _ in Float.random(in: -bound...bound, using: &self) }
  }
}

/// A network with weights as large as PyTorch's initialisation makes them, times `gain`.
func randomModel(
  _ shape: NetworkShape, levels: [Int], gain: Float = 1, isLogarithmic: [Bool]? = nil,
  clip: Float? = nil, seed: UInt64 = 1
) -> TrainedModel {
  var generator = TestGenerator(seed: seed)
  var parameters = NetworkParameters(zeros: shape)
  for tensor in shape.tensors {
    let inputs = tensor == .inputWeight ? shape.featureCount : shape.hiddenWidth
    let bound = tensor == .sigmaEmbedding ? 1 : gain / Float(inputs).squareRoot()
    parameters[tensor] = generator.floats(shape.elementCount(of: tensor), within: bound)[...]
  }
  return TrainedModel(
    parameters: parameters, sigmas: (0..<shape.levelCount).map { Float(shape.levelCount - $0) },
    standardiser: Standardiser(
      mean: generator.floats(shape.featureCount, within: 1),
      scale: generator.floats(shape.featureCount, within: 1).map { abs($0) + 0.5 },
      isLogarithmic: isLogarithmic, clip: clip),
    featureNames: nil,
    scoring: Scoring(
      levels: levels, weights: generator.floats(levels.count, within: 1).map { abs($0) },
      output: .noise),
    trainingRecord: nil)
}

/// The scores and attributions of events, as bits, so that NaN equals NaN.
struct ScoredBits: Equatable {
  var scores: [UInt32]
  var attributions: [UInt32]

  /// The result of event `index` alone.
  func event(_ index: Int) -> ScoredBits {
    let width = attributions.count / scores.count
    return ScoredBits(
      scores: [scores[index]],
      attributions: Array(attributions[index * width..<(index + 1) * width]))
  }

  func events(_ range: Range<Int>) -> ScoredBits {
    let width = attributions.count / scores.count
    return ScoredBits(
      scores: Array(scores[range]),
      attributions: Array(
        attributions[range.lowerBound * width..<range.upperBound * width]))
  }
}

extension EventScorer {
  /// Scores row-major events lying one after another.
  func bits(of events: ArraySlice<Float>) -> ScoredBits {
    let width = precision.network.featureCount
    let count = events.count / width
    var scores = [Float](repeating: -1, count: count)
    var attributions = [Float](repeating: -1, count: count * width)
    events.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      score(
        events: base, eventStride: width * 4, count: count, scores: &scores,
        attributions: &attributions, attributionStride: width * 4)
    }
    return ScoredBits(
      scores: scores.map(\.bitPattern), attributions: attributions.map(\.bitPattern))
  }

  func bits(of events: [Float]) -> ScoredBits { bits(of: events[...]) }
}

/// A scorer with its own network.
func scorer(
  _ model: TrainedModel, _ set: InstructionSet, scoring: Scoring? = nil, batchMax: Int = 512
) -> EventScorer {
  EventScorer(
    .exact(ScoringNetwork(model: model, scoring: scoring, instructionSet: set)),
    batchMax: batchMax)
}

/// The sets that are tested against the scalar reference.
let vectorSets = InstructionSet.available.filter { $0 != .scalar }
