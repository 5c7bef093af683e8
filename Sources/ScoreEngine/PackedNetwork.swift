internal import CScoreKernels

/// What the kernels read of a network: pointers into the memory of a `ScoringNetwork`, which must
/// outlive them, and sizes. Plain values alone, so that nothing is counted or locked on the way.
struct PackedNetwork {
  let kernels: OpaquePointer
  let standardiser: UnsafePointer<tamis_standardiser>
  /// The input projection, the blocks in order, the output layer; or an autoencoder's layers.
  let layers: UnsafePointer<tamis_dense_layer>
  /// One row of `embeddingStride` floats a scoring level, in scoring order.
  let embeddings: UnsafePointer<Float>
  let embeddingStride: Int
  /// One weight a scoring level.
  let levelWeights: UnsafePointer<Float>
  let levelCount: Int
  let featureCount: Int
  let hiddenWidth: Int
  let blockCount: Int
  /// Rows of a group, a row being one event at one level.
  let rowCountMax = groupRowCount
  /// Columns of a panel of weights, and so of what a layer puts out.
  let panelColumnCount = panelWidth
  /// Whether the network is an autoencoder: its layers follow one another, there are no embeddings.
  let isAutoencoder: Bool
  /// Events of a group: as many as have all their rows in it, at least one.
  let groupEventMax: Int
}
