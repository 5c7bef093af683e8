internal import CScoreKernels
internal import ScoreModel

/// Some parameters of a layer: the weights from one panel of inputs to one or two of outputs. The
/// task of the first input panel takes the biases (and embeddings) of its outputs along.
struct GradientTask: Sendable {
  let layer: Int
  let input: Int
  let outputs: Range<Int>

  static let outputPanelMax = 2

  /// The tasks that together are all parameters.
  static func all(of padded: PaddedShape) -> [GradientTask] {
    padded.layers.indices.flatMap { layer in
      let panels = padded.layers[layer].outputPanels
      return (0..<padded.layers[layer].inputPanels).flatMap { input in
        stride(from: 0, to: panels, by: outputPanelMax).map {
          GradientTask(layer: layer, input: input, outputs: $0..<min($0 + outputPanelMax, panels))
        }
      }
    }
  }
}

/// The second phase of a step: gradients of the parameters are summed over the batch, and Adam
/// moves the parameters. Tasks do not touch each other, so threads share them out in any way.
struct ParameterPhase: Sendable {
  let kernels: TrainingKernels
  let parameters: ParameterState
  let batch: BatchMemory

  /// Rows whose panels stay in the first-level cache while they meet all outputs of a task. The
  /// sums continue from chunk to chunk: their order is that of the rows.
  private static let chunkRowCount = 128

  /// Updates the parameters of one task. `memory` is the thread's own.
  func run(_ task: GradientTask, adam: tamis_adam, memory: GroupMemory) {
    let gradient = memory.parameterGradient.base
    sumWeightGradients(task, into: gradient)
    let layer = parameters.padded.layers[task.layer]
    let start = layer.backwardBlock(input: task.input, output: task.outputs.lowerBound)
    step(adam, gradient, task.outputs.count * blockElementCount, at: start)
    for output in task.outputs {
      parameters.updateForward(layer, input: task.input, output: output, with: kernels)
      if task.input == 0 {
        updateBiases(task.layer, output: output, adam: adam, gradient: gradient)
      }
    }
  }

  private func sumWeightGradients(_ task: GradientTask, into gradient: UnsafeMutablePointer<Float>)
  {
    gradient.update(repeating: 0, count: task.outputs.count * blockElementCount)
    for row in stride(from: 0, to: batch.rowCount, by: ParameterPhase.chunkRowCount) {
      let rowCount = min(ParameterPhase.chunkRowCount, batch.rowCount - row)
      let inputs = batch.inputs(task.layer, row: row, panel: task.input)
      for (place, output) in task.outputs.enumerated() {
        kernels.table.pointee.correlate(
          batch.deltas(task.layer, row: row, panel: output).values, inputs.values, rowCount,
          gradient + place * blockElementCount)
      }
    }
  }

  /// Biases and, for the input projection, embeddings of one panel of outputs.
  private func updateBiases(
    _ layer: Int, output: Int, adam: tamis_adam, gradient: UnsafeMutablePointer<Float>
  ) {
    let deltas = batch.deltas(layer, row: 0, panel: output).values
    gradient.update(repeating: 0, count: panelWidth)
    kernels.table.pointee.add_rows(deltas, nil, batch.rowCount, gradient)
    let biases = parameters.padded.layers[layer].biasStart + output * panelWidth
    step(adam, gradient, panelWidth, at: biases)
    guard layer == 0, parameters.padded.shape.kind == .score else { return }
    let count = parameters.padded.shape.levelCount * panelWidth
    gradient.update(repeating: 0, count: count)
    kernels.table.pointee.add_rows(deltas, batch.levels, batch.rowCount, gradient)
    step(adam, gradient, count, at: parameters.padded.embeddingPanel(output))
  }

  private func step(
    _ adam: tamis_adam, _ gradient: UnsafeMutablePointer<Float>, _ count: Int, at start: Int
  ) {
    withUnsafePointer(to: adam) { adam in
      kernels.table.pointee.adam(
        adam, gradient, count, parameters.values.base + start, parameters.means.base + start,
        parameters.squares.base + start, parameters.average.map { $0.base + start })
    }
  }
}
