internal import ScoreModel

/// The network and its loss straight from their definition, in float64.
struct ReferenceNetwork {
  let shape: NetworkShape
  var values: [Double]

  init(_ parameters: NetworkParameters) {
    shape = parameters.shape
    values = parameters.values.map { Double($0) }
  }

  /// The output for one perturbed event.
  func output(_ event: [Double], level: Int) -> [Double] {
    let embedding = shape.range(of: .sigmaEmbedding).lowerBound + level * shape.hiddenWidth
    var hidden = dense(.inputWeight, .inputBias, event)
    for column in hidden.indices { hidden[column] += values[embedding + column] }
    for block in 0..<shape.blockCount {
      let change = dense(.blockWeight(block), .blockBias(block), hidden.map(silu))
      for column in hidden.indices { hidden[column] += change[column] }
    }
    return dense(.outputWeight, .outputBias, hidden.map(silu))
  }

  private func dense(_ weight: NetworkTensor, _ bias: NetworkTensor, _ x: [Double]) -> [Double] {
    let weights = shape.range(of: weight).lowerBound
    return shape.range(of: bias).enumerated().map { row, place in
      x.indices.reduce(values[place]) { $0 + values[weights + row * x.count + $1] * x[$1] }
    }
  }
}
