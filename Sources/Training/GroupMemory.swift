internal import CScoreKernels
internal import ScoreModel

/// The buffers of one thread for the forward and backward passes of a group of rows, and for sums
/// of gradients.
final class GroupMemory {
  let noise: FloatBuffer
  /// The noise in panels.
  let noisePanels: FloatBuffer
  let hidden: FloatBuffer
  /// The derivatives of the activations, one buffer a hidden layer.
  let slopes: [FloatBuffer]
  let outputs: FloatBuffer
  /// The gradient at a layer's inputs.
  let gradient: FloatBuffer
  let gains: FloatBuffer
  /// Gradients of some blocks of parameters.
  let parameterGradient: FloatBuffer
  /// The start of sums without a bias.
  let zeros: FloatBuffer
  let stride: Int

  init(_ padded: PaddedShape, rowMax: Int) throws(TrainingError) {
    let shape = padded.shape
    let width = shape.hiddenWidth.panelCount
    let features = shape.featureCount.panelCount
    stride = panelStride(rowCount: rowMax)
    noise = try FloatBuffer(count: rowMax * shape.featureCount)
    noisePanels = try FloatBuffer(count: features * stride)
    hidden = try FloatBuffer(count: width * stride)
    var slopes: [FloatBuffer] = []
    for _ in 0...shape.blockCount { slopes.append(try FloatBuffer(count: width * stride)) }
    self.slopes = slopes
    outputs = try FloatBuffer(count: features * stride)
    gradient = try FloatBuffer(count: width * stride)
    gains = try FloatBuffer(count: rowMax)
    parameterGradient = try FloatBuffer(
      count: max(GradientTask.outputPanelMax * blockElementCount, shape.levelCount * panelWidth))
    zeros = try FloatBuffer(count: max(width, features) * panelWidth)
  }

  /// One of these buffers as a matrix.
  func panels(_ buffer: FloatBuffer) -> tamis_panels {
    tamis_panels(values: buffer.base, stride: stride)
  }
}
