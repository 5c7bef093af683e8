internal import CScoreKernels
internal import ScoreModel

/// The sizes and pointers by which the kernels read a network. The pointers lead into the memory of
/// a `ScoringNetwork`, which must outlive them. All are plain values: using them counts no
/// references and takes no lock.
struct PackedNetwork {
  let kernels: OpaquePointer
  let standardiser: UnsafePointer<tamis_standardiser>
  /// The input projection, the blocks in order, the output layer; or an autoencoder's layers.
  let layers: UnsafePointer<tamis_dense_layer>
  /// One row of `embeddingStride` floats for each scoring level, in scoring order.
  let embeddings: UnsafePointer<Float>
  let embeddingStride: Int
  /// One weight for each scoring level.
  let levelWeights: UnsafePointer<Float>
  let levelCount: Int
  let featureCount: Int
  let hiddenWidth: Int
  let blockCount: Int
  /// Rows of a group, a row being one event at one level.
  let rowCountMax = groupRowCount
  /// Columns of a panel of weights, which is what a layer puts out at once.
  let panelColumnCount = panelWidth
  /// Whether the network is an autoencoder: its layers follow one another, there are no embeddings.
  let isAutoencoder: Bool
  /// Events of a group: as many as have room for all their rows, at least one.
  let groupEventMax: Int
  /// What is added for events far from all background; nil for nothing.
  let distance: PackedDistance?
}

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
