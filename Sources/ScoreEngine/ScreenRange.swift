internal import CScoreKernels
internal import ScoreModel

/// How large a network's intermediate values can get. The screen's integers have no infinity and no
/// NaN. An event whose features are so large that either could come up goes to the exact network,
/// which handles both.
///
/// The bound is that of interval arithmetic in the maximum norm, in float64: for |input| <= m,
/// |output| <= max over outputs of |bias| + m sum |weight|. |silu(x)| is never larger than |x|.
struct ScreenRange {
  let model: TrainedModel
  let scoring: Scoring

  /// No detector is calibrated beyond this |z|.
  private static let inputLimitMax = 1e6
  /// Ordinary events lie below this |z|: a screen must take them.
  private static let inputLimitMin = 100.0
  /// The squares of outputs are summed in float32, whose range ends at 3.4e38.
  private static let scoreMax = 1e37

  /// The largest |z| for which no sum can leave the range of float32.
  func inputLimit() throws(ScreenError) -> Float {
    let widest = max(model.shape.hiddenWidth, model.shape.featureCount)
    let sumMax = widest * Int(TAMIS_SCREEN_ACTIVATION_MAX) * Int(TAMIS_SCREEN_WEIGHT_MAX)
    guard sumMax <= Int(Int32.max) else {
      throw ScreenError(
        description: "layers of \(widest) inputs overflow the screen's 32-bit sums; use "
          + "precision: exact")
    }
    var limit = Self.inputLimitMax
    while limit >= Self.inputLimitMin {
      if scoreBound(inputs: limit) <= Self.scoreMax { return Float(limit) }
      limit /= 10
    }
    throw ScreenError(
      description: "the weights are so large that features of \(Self.inputLimitMin) standard "
        + "deviations may overflow the screen; use precision: exact, or train a smaller model")
  }

  private func scoreBound(inputs: Double) -> Double {
    // Quantised values differ from the true ones by less than a per cent of the largest.
    let slack = 1.02
    let offset = Double(TAMIS_SCREEN_OFFSET)
    let embedding = model.parameters[.sigmaEmbedding].reduce(0) { max($0, abs(Double($1))) }
    var hidden = bound(.inputWeight, .inputBias, inputs: inputs * slack) + embedding
    for block in 0..<model.shape.blockCount {
      hidden += bound(.blockWeight(block), .blockBias(block), inputs: (hidden + offset) * slack)
    }
    let output = bound(.outputWeight, .outputBias, inputs: (hidden + offset) * slack)
    let weight = scoring.weights.reduce(0) { $0 + Double($1) }
    return max(weight, 1) * Double(model.shape.featureCount) * output * output
  }

  private func bound(_ weight: NetworkTensor, _ bias: NetworkTensor, inputs: Double) -> Double {
    let weights = model.parameters[weight]
    let width = model.shape.dimensions(of: weight)[1]
    var largest = 0.0
    for (output, bias) in model.parameters[bias].enumerated() {
      let row = weights.dropFirst(output * width).prefix(width)
      largest = max(largest, abs(Double(bias)) + inputs * row.reduce(0) { $0 + abs(Double($1)) })
    }
    return largest
  }
}
