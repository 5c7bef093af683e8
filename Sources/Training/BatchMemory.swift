internal import CScoreKernels

/// The values that the first phase of a step leaves to the second: each layer's inputs and the loss
/// gradient at its outputs for every row of the batch, in panels.
///
/// `@unchecked` by the rule of `FloatBuffer`.
final class BatchMemory: @unchecked Sendable {
  let rowCount: Int
  /// The noise level of each row.
  let levels: UnsafeMutablePointer<Int32>
  /// The loss of each row.
  let losses: FloatBuffer
  private let inputs: [FloatBuffer]
  private let deltas: [FloatBuffer]
  private let stride: Int

  init(_ padded: PaddedShape, rowCount: Int) throws(TrainingError) {
    self.rowCount = rowCount
    let stride = panelStride(rowCount: rowCount)
    self.stride = stride
    losses = try FloatBuffer(count: rowCount)
    var inputs: [FloatBuffer] = []
    var deltas: [FloatBuffer] = []
    for layer in padded.layers {
      inputs.append(try FloatBuffer(count: layer.inputPanels * stride))
      deltas.append(try FloatBuffer(count: layer.outputPanels * stride))
    }
    self.inputs = inputs
    self.deltas = deltas
    levels = .allocate(capacity: rowCount)
    levels.initialize(repeating: 0, count: rowCount)
  }

  deinit { levels.deallocate() }

  /// The inputs of a layer from `row` and `panel` on.
  func inputs(_ layer: Int, row: Int, panel: Int = 0) -> tamis_panels {
    tamis_panels(
      values: inputs[layer].base + panel * stride + row * panelWidth, stride: stride)
  }

  /// The gradient at the outputs of a layer from `row` and `panel` on.
  func deltas(_ layer: Int, row: Int, panel: Int = 0) -> tamis_panels {
    tamis_panels(
      values: deltas[layer].base + panel * stride + row * panelWidth, stride: stride)
  }
}

/// Floats from one panel to the next for `rowCount` rows: 512 bytes past a multiple of 1 KiB, so
/// that the panels of a row do not all fall into the same few lines of the first-level cache.
func panelStride(rowCount: Int) -> Int {
  ((rowCount + 7) / 8 * 8 + 4) * panelWidth
}

/// A fixed block of floats on a 64-byte boundary, zero at first.
///
/// Threads share buffers under the rule of the phases: within a phase no two threads write the
/// same float, and none reads what another one writes.
///
/// `@unchecked` by that rule; a barrier lies between phases.
final class FloatBuffer: @unchecked Sendable {
  let base: UnsafeMutablePointer<Float>

  init(count: Int) throws(TrainingError) {
    let byteCount = count * MemoryLayout<Float>.stride
    guard let memory = tamis_aligned_allocate(byteCount) else {
      throw TrainingError.noMemory(byteCount: byteCount)
    }
    base = memory.bindMemory(to: Float.self, capacity: count)
  }

  deinit { tamis_aligned_free(base) }
}
