internal import CScoreKernels
internal import ReproducibleMath
internal import ScoreModel

/// The first phase of a step: rows of the batch are drawn, perturbed and taken up the network to
/// the loss, and its gradient is taken down. Rows do not touch each other, so threads share them
/// out in any way they like.
struct RowPhase: Sendable {
  let kernels: TrainingKernels
  let parameters: ParameterState
  let batch: BatchMemory
  let events: StandardisedEvents
  let split: HeldOutSplit
  let sigmas: [Float]
  let output: Scoring.Output
  let eventStream: RandomStream
  let levelStream: RandomStream
  let noiseStream: RandomStream

  private var layers: [PaddedLayer] { parameters.padded.layers }
  private var outputLayer: Int { layers.count - 1 }

  /// Fills the batch's inputs, gradients, levels and losses of some rows of a step (from 0).
  func run(step: Int, rows: Range<Int>, memory: GroupMemory) {
    draw(step: step, rows: rows, memory: memory)
    ascend(rows: rows, memory: memory)
    compare(rows: rows, memory: memory)
    descend(rows: rows, memory: memory)
  }

  /// inputs = event + sigma * noise.
  private func draw(step: Int, rows: Range<Int>, memory: GroupMemory) {
    let featureCount = events.featureCount
    let firstIndex = step * batch.rowCount + rows.lowerBound
    noiseStream.fillGaussians(
      UnsafeMutableBufferPointer(start: memory.noise.base, count: rows.count * featureCount),
      start: UInt64(firstIndex * featureCount))
    for place in 0..<rows.count {
      let row = rows.lowerBound + place
      let index = UInt64(firstIndex + place)
      let event = split.learntEvent(eventStream.integer(below: split.learntCount, at: index))
      let level = levelStream.integer(below: sigmas.count, at: index)
      batch.levels[row] = Int32(level)
      memory.gains.base[place] = output == .score ? sigmas[level] : 1
      kernels.table.pointee.perturb(
        events.values.base + event * featureCount, memory.noise.base + place * featureCount,
        sigmas[level], featureCount, batch.inputs(0, row: row),
        tamis_panels(
          values: memory.noisePanels.base + place * panelWidth, stride: memory.stride))
    }
  }

  func ascend(rows: Range<Int>, memory: GroupMemory) {
    for layer in layers.indices {
      let isHidden = layer != outputLayer
      kernels.table.pointee.multiply(
        forwardWeights(layer), parameters.values.base + layers[layer].biasStart,
        batch.inputs(layer, row: rows.lowerBound), rows.count, isHidden && layer > 0,
        memory.panels(isHidden ? memory.hidden : memory.outputs))
      if isHidden { activate(layer, rows: rows, memory: memory) }
    }
  }

  /// The next layer's inputs from the hidden values after `layer`.
  private func activate(_ layer: Int, rows: Range<Int>, memory: GroupMemory) {
    for panel in 0..<layers[layer].outputPanels {
      let hidden = memory.hidden.base + panel * memory.stride
      if layer == 0 {
        kernels.table.pointee.embed(
          parameters.values.base + parameters.padded.embeddingPanel(panel), panelWidth,
          batch.levels + rows.lowerBound, rows.count, hidden)
      }
      kernels.table.pointee.activate(
        hidden, rows.count * panelWidth,
        batch.inputs(layer + 1, row: rows.lowerBound, panel: panel).values,
        memory.slopes[layer].base + panel * memory.stride)
    }
  }

  /// The loss of each row is |gain * output + sign * noise|^2: |sigma o + e|^2 for the score and
  /// |o - e|^2 for the noise. The batch's loss is the mean over its rows.
  func compare(rows: Range<Int>, memory: GroupMemory) {
    kernels.table.pointee.residual(
      memory.panels(memory.outputs), memory.panels(memory.noisePanels),
      layers[outputLayer].outputPanels, rows.count, memory.gains.base,
      output == .score ? 1 : -1, Float(2 / Double(batch.rowCount)),
      batch.deltas(outputLayer, row: rows.lowerBound), batch.losses.base + rows.lowerBound)
  }

  private func descend(rows: Range<Int>, memory: GroupMemory) {
    for layer in stride(from: outputLayer, to: 0, by: -1) {
      kernels.table.pointee.multiply(
        backwardWeights(layer), memory.zeros.base, batch.deltas(layer, row: rows.lowerBound),
        rows.count, false, memory.panels(memory.gradient))
      for panel in 0..<layers[layer].inputPanels {
        // Hidden values go into a block and past it; into the output layer they go only once.
        let past =
          layer == outputLayer
          ? nil : batch.deltas(layer, row: rows.lowerBound, panel: panel).values
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
