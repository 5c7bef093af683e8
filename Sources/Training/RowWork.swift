internal import CScoreKernels

/// The first phase of a step, for both kinds of networks: rows of the batch are drawn and pass forward
/// through the network to the loss, and its gradient passes backward. Rows do not touch each other:
/// threads share them out in any way.
protocol RowWork: Sendable {
  var kernels: TrainingKernels { get }
  var parameters: ParameterState { get }
  var batch: BatchMemory { get }
  /// The sign with which the target is added to the outputs, in `compare`.
  var targetSign: Float { get }
  /// Whether the network has residual blocks: hidden values are added to the outputs of their layers.
  var hasBlocks: Bool { get }

  /// Fills the batch's inputs, and the group's targets (`noisePanels`) and gains.
  func draw(step: Int, rows: Range<Int>, memory: GroupMemory)

  /// The next layer's inputs, a panel of them, from the hidden values after `layer`.
  func activate(_ layer: Int, panel: Int, rows: Range<Int>, memory: GroupMemory)
}

extension RowWork {
  private var layers: [PaddedLayer] { parameters.padded.layers }
  private var outputLayer: Int { layers.count - 1 }

  /// Fills the batch's inputs, gradients and losses of some rows of a step (from 0).
  func run(step: Int, rows: Range<Int>, memory: GroupMemory) {
    draw(step: step, rows: rows, memory: memory)
    forward(rows: rows, memory: memory)
    compare(rows: rows, memory: memory)
    backward(rows: rows, memory: memory)
  }

  func forward(rows: Range<Int>, memory: GroupMemory) {
    for layer in layers.indices {
      let isHidden = layer != outputLayer
      kernels.table.pointee.multiply(
        forwardWeights(layer), parameters.values.base + layers[layer].biasStart,
        batch.inputs(layer, row: rows.lowerBound), rows.count,
        hasBlocks && isHidden && layer > 0,
        memory.panels(isHidden ? memory.hidden : memory.outputs))
      guard isHidden else { continue }
      for panel in 0..<layers[layer].outputPanels {
        activate(layer, panel: panel, rows: rows, memory: memory)
      }
    }
  }

  /// The loss of each row is |gain * output + sign * target|^2. The batch's loss is the mean over
  /// its rows.
  func compare(rows: Range<Int>, memory: GroupMemory) {
    kernels.table.pointee.residual(
      memory.panels(memory.outputs), memory.panels(memory.noisePanels),
      layers[outputLayer].outputPanels, rows.count, memory.gains.base, targetSign,
      Float(2 / Double(batch.rowCount)), batch.deltas(outputLayer, row: rows.lowerBound),
      batch.losses.base + rows.lowerBound)
  }

  private func backward(rows: Range<Int>, memory: GroupMemory) {
    for layer in stride(from: outputLayer, to: 0, by: -1) {
      kernels.table.pointee.multiply(
        backwardWeights(layer), memory.zeros.base, batch.deltas(layer, row: rows.lowerBound),
        rows.count, false, memory.panels(memory.gradient))
      for panel in 0..<layers[layer].inputPanels {
        // The output layer is in no residual block.
        let past =
          hasBlocks && layer != outputLayer
          ? batch.deltas(layer, row: rows.lowerBound, panel: panel).values : nil
        kernels.table.pointee.descend(
          memory.gradient.base + panel * memory.stride,
          memory.slopes[layer - 1].base + panel * memory.stride, past,
          rows.count * panelWidth,
          batch.deltas(layer - 1, row: rows.lowerBound, panel: panel).values)
      }
    }
  }

  private func forwardWeights(_ layer: Int) -> tamis_weight_panels {
    tamis_weight_panels(
      values: parameters.forward.base + layers[layer].weightStart,
      term_count: layers[layer].inputPanels * panelWidth,
      panel_count: layers[layer].outputPanels)
  }

  private func backwardWeights(_ layer: Int) -> tamis_weight_panels {
    tamis_weight_panels(
      values: parameters.values.base + layers[layer].weightStart,
      term_count: layers[layer].outputPanels * panelWidth,
      panel_count: layers[layer].inputPanels)
  }
}
