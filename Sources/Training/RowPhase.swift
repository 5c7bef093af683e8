internal import CScoreKernels
internal import ReproducibleMath
internal import ScoreModel

/// The rows of a score network: events are drawn and perturbed, and the network predicts the noise.
struct RowPhase: RowWork {
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

  /// |sigma o + e|^2 for the score and |o - e|^2 for the noise.
  var targetSign: Float { output == .score ? 1 : -1 }
  var hasBlocks: Bool { true }

  /// inputs = event + sigma * noise.
  func draw(step: Int, rows: Range<Int>, memory: GroupMemory) {
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
      perturb(event, level: level, row: row, place: place, memory: memory)
    }
  }

  /// Makes a row of the batch from its event, its noise level and the noise at `place`.
  func perturb(_ event: Int, level: Int, row: Int, place: Int, memory: GroupMemory) {
    let featureCount = events.featureCount
    batch.levels[row] = Int32(level)
    memory.gains.base[place] = output == .score ? sigmas[level] : 1
    kernels.table.pointee.perturb(
      events.values.base + event * featureCount, memory.noise.base + place * featureCount,
      sigmas[level], featureCount, batch.inputs(0, row: row),
      tamis_panels(
        values: memory.noisePanels.base + place * panelWidth, stride: memory.stride))
  }

  func activate(_ layer: Int, panel: Int, rows: Range<Int>, memory: GroupMemory) {
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
