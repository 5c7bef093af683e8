internal import CScoreKernels
internal import ScoreModel

/// A dense layer whose weights become integers. The scale of output j is max |w| / 127 over its
/// weights; each weight becomes the nearest multiple of that scale.
struct ScreenLayer {
  let weights: ArraySlice<Float>
  let bias: ArraySlice<Float>
  let inputCount: Int
  let outputCount: Int
  /// Whether the inputs are standardised features, which lie around 127 in steps of the row's
  /// scale; else they are activations, which begin at -`TAMIS_SCREEN_OFFSET`.
  let takesFeatures: Bool
  let inputsPerStep: Int

  /// The layers of a model in the order in which an event passes them.
  static func layers(of model: TrainedModel, inputsPerStep: Int) -> [ScreenLayer] {
    let (features, hidden) = (model.shape.featureCount, model.shape.hiddenWidth)
    func layer(
      _ weight: NetworkTensor, _ bias: NetworkTensor, _ inputs: Int, _ outputs: Int
    ) -> ScreenLayer {
      ScreenLayer(
        weights: model.parameters[weight], bias: model.parameters[bias], inputCount: inputs,
        outputCount: outputs, takesFeatures: weight == .inputWeight, inputsPerStep: inputsPerStep)
    }
    return [layer(.inputWeight, .inputBias, features, hidden)]
      + (0..<model.shape.blockCount).map { layer(.blockWeight($0), .blockBias($0), hidden, hidden) }
      + [layer(.outputWeight, .outputBias, hidden, features)]
  }

  private var paddedInputCount: Int {
    inputCount.rounded(upToMultipleOf: Int(TAMIS_SCREEN_INPUT_MULTIPLE))
  }
  private var paddedOutputCount: Int { outputCount.rounded(upToMultipleOf: panelWidth) }

  /// Lengths in floats of the pieces of memory that `pack` takes.
  var pieces: [Int] {
    [paddedInputCount * paddedOutputCount / MemoryLayout<Float>.stride]
      + [Int](repeating: paddedOutputCount, count: 3)
  }

  /// Quantises the layer into `memory`, which is zero.
  func pack(into memory: FloatMemory) -> tamis_screen_layer {
    let packed = UnsafeMutableRawPointer(memory.take(pieces[0]))
      .bindMemory(to: Int8.self, capacity: paddedInputCount * paddedOutputCount)
    let start = UnsafeMutableRawPointer(memory.take(paddedOutputCount))
      .bindMemory(to: Int32.self, capacity: paddedOutputCount)
    let scale = memory.take(paddedOutputCount)
    let bias = memory.take(paddedOutputCount)
    for output in 0..<outputCount {
      let row = weights.dropFirst(output * inputCount).prefix(inputCount)
      let largest = row.reduce(0) { max($0, abs($1)) }
      // Weights are divided by the scale, which must not be 0; weights that small become 0 anyway.
      scale[output] = max(largest / Float(TAMIS_SCREEN_WEIGHT_MAX), .leastNormalMagnitude)
      var sum: Int32 = 0
      for (input, weight) in row.enumerated() {
        let quantised = (weight / scale[output]).rounded(.toNearestOrEven)
        sum += Int32(quantised)
        packed[place(input: input, output: output)] = Int8(quantised)
      }
      start[output] = takesFeatures ? -TAMIS_SCREEN_WEIGHT_MAX * sum : 0
      // An activation is its integer times the row's scale, less the offset. What the offset adds to
      // the sum is the same for every event.
      let shift =
        takesFeatures ? 0 : Double(TAMIS_SCREEN_OFFSET) * Double(scale[output]) * Double(sum)
      bias[output] = Float(Double(self.bias[self.bias.startIndex + output]) - shift)
    }
    return tamis_screen_layer(
      input_count: paddedInputCount, panel_count: paddedOutputCount / panelWidth, weights: packed,
      start: start, scale: scale, bias: bias)
  }

  /// Where a weight lies: [panel][input / step][32][step].
  private func place(input: Int, output: Int) -> Int {
    output / panelWidth * panelWidth * paddedInputCount
      + input / inputsPerStep * panelWidth * inputsPerStep
      + output % panelWidth * inputsPerStep + input % inputsPerStep
  }
}
