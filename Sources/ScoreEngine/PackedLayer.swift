internal import CScoreKernels
internal import ScoreModel

/// A dense layer's weights as the kernels read them. A panel is 32 columns (outputs) wide and has
/// one row of 32 weights for each input: a tile reads its weights from end to end.
struct PackedLayer {
  let inputCount: Int
  let outputCount: Int

  var panelCount: Int { paddedOutputCount / panelWidth }
  var paddedOutputCount: Int { outputCount.rounded(upToMultipleOf: panelWidth) }
  var weightCount: Int { paddedOutputCount * inputCount }

  /// Lengths of the pieces of memory that `pack` takes.
  var pieces: [Int] { [weightCount, paddedOutputCount] }

  /// Copies PyTorch's (outputs, inputs) weights and the biases into `memory`.
  func pack(
    weights: ArraySlice<Float>, bias: ArraySlice<Float>, into memory: FloatMemory
  ) -> tamis_dense_layer {
    let packed = memory.take(weightCount)
    let packedBias = memory.take(paddedOutputCount)
    for output in 0..<outputCount {
      let panel = packed + output / panelWidth * panelWidth * inputCount
      let row = weights.startIndex + output * inputCount
      for input in 0..<inputCount {
        panel[input * panelWidth + output % panelWidth] = weights[row + input]
      }
      packedBias[output] = bias[bias.startIndex + output]
    }
    return tamis_dense_layer(
      input_count: inputCount, panel_count: panelCount, weights: packed, bias: packedBias)
  }
}

/// Columns of a panel of weights.
let panelWidth = Int(TAMIS_PANEL_COLUMNS)
/// Columns of a block of activations.
let blockWidth = Int(TAMIS_BLOCK_COLUMNS)
/// Rows of a group, a row being one event at one noise level.
let groupRowCount = Int(TAMIS_GROUP_ROWS)
