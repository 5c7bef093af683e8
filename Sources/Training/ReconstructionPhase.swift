internal import CScoreKernels
internal import ReproducibleMath

/// The rows of an autoencoder: events are drawn, and the network reconstructs them. The loss of a row
/// is the sum of squared residuals over the features.
struct ReconstructionPhase: RowWork {
  let kernels: TrainingKernels
  let parameters: ParameterState
  let batch: BatchMemory
  let events: StandardisedEvents
  let eventStream: RandomStream

  var targetSign: Float { -1 }
  var hasBlocks: Bool { false }

  /// The inputs are the events. They are also stored in the place of a score network's noise, with
  /// which the outputs are compared.
  func draw(step: Int, rows: Range<Int>, memory: GroupMemory) {
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

  func activate(_ layer: Int, panel: Int, rows: Range<Int>, memory: GroupMemory) {
    kernels.table.pointee.rectify(
      memory.hidden.base + panel * memory.stride, rows.count * panelWidth,
      batch.inputs(layer + 1, row: rows.lowerBound, panel: panel).values,
      memory.slopes[layer].base + panel * memory.stride)
  }
}
