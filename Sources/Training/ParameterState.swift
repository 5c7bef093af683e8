internal import CScoreKernels
internal import ScoreModel

/// The parameters of a training with all that Adam keeps about each, padded as `PaddedShape` says.
final class ParameterState: Sendable {
  let padded: PaddedShape
  /// The parameters, weights in the backward form.
  let values: FloatBuffer
  /// The weights once more, in the forward form.
  let forward: FloatBuffer
  /// Adam's running means of the gradient and of its square.
  let means: FloatBuffer
  let squares: FloatBuffer
  /// The moving average of the parameters, where one is kept.
  let average: FloatBuffer?

  init(_ parameters: NetworkParameters, keepsAverage: Bool) throws(TrainingError) {
    padded = PaddedShape(parameters.shape)
    values = try FloatBuffer(count: padded.elementCount)
    forward = try FloatBuffer(count: padded.elementCount)
    means = try FloatBuffer(count: padded.elementCount)
    squares = try FloatBuffer(count: padded.elementCount)
    average = keepsAverage ? try FloatBuffer(count: padded.elementCount) : nil
    for tensor in parameters.shape.tensors {
      for (value, place) in zip(parameters[tensor], padded.places(of: tensor)) {
        values.base[place] = value
        average?.base[place] = value
      }
    }
  }

  /// Brings one block of a layer's weights into the forward form.
  func updateForward(
    _ layer: PaddedLayer, input: Int, output: Int, with kernels: borrowing TrainingKernels
  ) {
    kernels.table.pointee.transpose(
      values.base + layer.backwardBlock(input: input, output: output),
      forward.base + layer.forwardBlock(input: input, output: output))
  }

  /// Brings all weights into the forward form.
  func updateForward(with kernels: borrowing TrainingKernels) {
    for layer in padded.layers {
      for input in 0..<layer.inputPanels {
        for output in 0..<layer.outputPanels {
          updateForward(layer, input: input, output: output, with: kernels)
        }
      }
    }
  }

  /// The parameters that a training ends with: the average where one is kept.
  var result: NetworkParameters { unpadded(average ?? values) }

  /// One value a parameter, from one of these buffers.
  func unpadded(_ source: FloatBuffer) -> NetworkParameters {
    var parameters = NetworkParameters(zeros: padded.shape)
    for tensor in padded.shape.tensors {
      let places = padded.places(of: tensor)
      parameters[tensor] = ArraySlice(places.map { source.base[$0] })
    }
    return parameters
  }
}
