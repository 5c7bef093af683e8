internal import CScoreKernels

extension ScoringPass {
  /// Makes the attributions of one group of standardised events with an autoencoder. A row is an
  /// event.
  ///
  /// The activations alternate between two buffers. The standardised features stay where they are
  /// until the outputs are subtracted from them.
  @_noLocks func reconstructGroup(count: Int) {
    let lastLayer = network.blockCount + 1
    var from = buffers.inputs
    var layer = 0
    while layer <= lastLayer {
      // The last layer must write to `hidden`: no other buffer is sure to have room for the
      // outputs.
      let to = (lastLayer - layer) % 2 == 0 ? buffers.hidden : buffers.activated
      tamis_score_dense(network.kernels, network.layers + layer, from, count, false, to)
      if layer < lastLayer {
        let columnCount = (network.layers + layer).pointee.panel_count * network.panelColumnCount
        tamis_score_rectify(network.kernels, to, count, columnCount)
      }
      from = to
      layer += 1
    }
    for event in 0..<count {
      let row = event * buffers.rowStride
      tamis_score_residual(
        network.kernels, buffers.inputs + row, buffers.hidden + row, network.featureCount,
        buffers.shares(of: event))
    }
  }
}
