internal import ScoreEngine
internal import ScoreModel

/// The kernels, with counts of every size, under the address sanitizer; and the promise that every
/// instruction set gives the same bits.
let scoringTargets = [FuzzTarget(name: "scoring", body: score)]

/// A small network, and a few events whose features are the input's bits.
private func score(_ input: UnsafeRawBufferPointer) throws {
  var bytes = InputBytes(input)
  let featureCount = 1 + Int(bytes.byte() % 40)
  let eventCount = 1 + Int(bytes.byte() % 9)
  let shape = NetworkShape(
    featureCount: featureCount, hiddenWidth: 16 * (1 + Int(bytes.byte() % 3)),
    blockCount: Int(bytes.byte() % 3), levelCount: 1 + Int(bytes.byte() % 3))
  let model = model(shape, seed: bytes.byte())
  // In memory of exactly the size, so that a read beyond it is seen.
  let features = (0..<featureCount * eventCount).map { _ in
    Float(bitPattern: bytes.integer(UInt32.self))
  }
  var reference: [UInt32]?
  var screened: [UInt32]?
  for set in InstructionSet.available {
    let network = ScoringNetwork(model: model, instructionSet: set)
    let scores = scores(network, features, eventCount)
    require(reference ?? scores == scores, "\(set) gives the scalar bits")
    reference = scores
    guard let screen = try? ScreenNetwork(model: model, exact: network) else { continue }
    let coarse = screenScores(screen, features, eventCount)
    require(screened ?? coarse == coarse, "the screen of \(set) gives the scalar bits")
    screened = coarse
  }
}

private func model(_ shape: NetworkShape, seed: UInt8) -> TrainedModel {
  var state = UInt64(seed)
  func uniform() -> Float {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Float(Int64(bitPattern: state) >> 40) / Float(1 << 23)
  }
  var parameters = NetworkParameters(zeros: shape)
  for tensor in shape.tensors {
    parameters[tensor] = (0..<shape.elementCount(of: tensor)).map { _ in uniform() }[...]
  }
  return TrainedModel(
    parameters: parameters, sigmas: (0..<shape.levelCount).map { 1 + Float($0) },
    standardiser: Standardiser(
      mean: (0..<shape.featureCount).map { _ in uniform() },
      scale: (0..<shape.featureCount).map { _ in abs(uniform()) + 0.5 },
      isLogarithmic: seed & 1 == 0 ? nil : (0..<shape.featureCount).map { $0 % 3 == 0 },
      clip: seed & 2 == 0 ? nil : 5),
    featureNames: nil,
    scoring: Scoring(
      levels: Array(0..<shape.levelCount), weights: (0..<shape.levelCount).map { _ in 0.5 },
      output: .noise),
    trainingRecord: nil)
}

/// Bits of the scores and then of the attributions. One NaN is as good as another.
private func scores(_ network: ScoringNetwork, _ features: [Float], _ count: Int) -> [UInt32] {
  let width = network.featureCount
  let scorer = EventScorer(.exact(network), batchMax: count)
  var scores = [Float](repeating: -1, count: count)
  var attributions = [Float](repeating: -1, count: count * width)
  features.withUnsafeBytes { events in
    guard let base = events.baseAddress else { return }
    scorer.score(
      events: base, eventStride: width * 4, count: count, scores: &scores,
      attributions: &attributions, attributionStride: width * 4)
  }
  return (scores + attributions).map(bits)
}

private func screenScores(_ network: ScreenNetwork, _ features: [Float], _ count: Int) -> [UInt32] {
  let width = network.exact.featureCount
  let plan = ScreenPlan(network: network, batchMax: count)
  var scores = [Float](repeating: -1, count: count)
  features.withUnsafeBytes { events in
    guard let base = events.baseAddress else { return }
    plan.score(events: base, eventStride: width * 4, count: count, scores: &scores)
  }
  return scores.map(bits)
}

private func bits(_ value: Float) -> UInt32 {
  value.isNaN ? Float.nan.bitPattern : value.bitPattern
}
