internal import CScoreKernels

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
