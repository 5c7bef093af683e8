internal import CScoreKernels
internal import ReproducibleMath

/// The first phase of a step of an autoencoder. The loss of a row is its reconstruction error, the
/// sum of squared residuals over the features; the batch's loss is the mean over its rows.
struct ReconstructionPhase: RowWork {
  let kernels: TrainingKernels
  let parameters: ParameterState
  let batch: BatchMemory
  let events: StandardisedEvents
  let eventStream: RandomStream

  private var layers: [PaddedLayer] { parameters.padded.layers }
  private var outputLayer: Int { layers.count - 1 }

  func run(step: Int, rows: Range<Int>, memory: GroupMemory) {
    draw(step: step, rows: rows, memory: memory)
    ascend(rows: rows, memory: memory)
    compare(rows: rows, memory: memory)
    descend(rows: rows, memory: memory)
  }

  /// The inputs are the events as they are. They are also stored in the place of a score network's
  /// noise, since the outputs are compared with them.
  private func draw(step: Int, rows: Range<Int>, memory: GroupMemory) {
    let featureCount = events.featureCount
    let firstIndex = step * batch.rowCount
    for row in rows {
      let event = eventStream.integer(below: events.eventCount, at: UInt64(firstIndex + row))
      let features = events.values.base + event * featureCount
      let place = row - rows.lowerBound
      memory.gains.base[place] = 1
      kernels.table.pointee.perturb(
        features, features, 0, featureCount, batch.inputs(0, row: row),
        tamis_panels(
          values: memory.noisePanels.base + place * panelWidth, stride: memory.stride))
    }
  }

  private func ascend(rows: Range<Int>, memory: GroupMemory) {
    for layer in layers.indices {
      let isHidden = layer != outputLayer
      kernels.table.pointee.multiply(
        forwardWeights(layer), parameters.values.base + layers[layer].biasStart,
        batch.inputs(layer, row: rows.lowerBound), rows.count, false,
        memory.panels(isHidden ? memory.hidden : memory.outputs))
      guard isHidden else { continue }
      for panel in 0..<layers[layer].outputPanels {
        kernels.table.pointee.rectify(
          memory.hidden.base + panel * memory.stride, rows.count * panelWidth,
          batch.inputs(layer + 1, row: rows.lowerBound, panel: panel).values,
          memory.slopes[layer].base + panel * memory.stride)
      }
    }
  }

  private func compare(rows: Range<Int>, memory: GroupMemory) {
    kernels.table.pointee.residual(
      memory.panels(memory.outputs), memory.panels(memory.noisePanels),
      layers[outputLayer].outputPanels, rows.count, memory.gains.base, -1,
      Float(2 / Double(batch.rowCount)), batch.deltas(outputLayer, row: rows.lowerBound),
      batch.losses.base + rows.lowerBound)
  }

  private func descend(rows: Range<Int>, memory: GroupMemory) {
    for layer in stride(from: outputLayer, to: 0, by: -1) {
      kernels.table.pointee.multiply(
        backwardWeights(layer), memory.zeros.base, batch.deltas(layer, row: rows.lowerBound),
        rows.count, false, memory.panels(memory.gradient))
      for panel in 0..<layers[layer].inputPanels {
        kernels.table.pointee.descend(
          memory.gradient.base + panel * memory.stride,
          memory.slopes[layer - 1].base + panel * memory.stride, nil, rows.count * panelWidth,
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
