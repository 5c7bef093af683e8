internal import CScoreKernels

/// One way through an autoencoder: the counterpart of `ScoringPass`.
///
/// A row is an event. A group of twelve passes through all layers before the next one begins; the
/// activations go to and fro between two of the plan's buffers, and the standardised features stay
/// where they are until the outputs are taken from them.
struct ReconstructionPass {
  let network: PackedNetwork
  let buffers: ScoringBuffers
  /// Columns of a panel of weights, and so of what a layer puts out.
  let panelColumnCount = panelWidth

  /// As `ScoringPlan.score`.
  @_noLocks func score(
    events: UnsafeRawPointer, eventStride: Int, count: Int, scores: UnsafeMutablePointer<Float>,
    attributions: UnsafeMutableRawPointer?, attributionStride: Int
  ) {
    let groupEventMax = network.groupEventMax
    var first = 0
    var groupsLeft = (count + groupEventMax - 1) / groupEventMax
    while groupsLeft > 0 {
      // Groups of nearly equal size, since small ones are some per cent slower an event.
      let groupCount = (count - first + groupsLeft - 1) / groupsLeft
      reconstruct(group: events + first * eventStride, eventStride: eventStride, count: groupCount)
      for event in 0..<groupCount {
        scores[first + event] = finish(event: event)
        if let attributions {
          (attributions + (first + event) * attributionStride).copyMemory(
            from: buffers.shares(of: event),
            byteCount: network.featureCount * MemoryLayout<Float>.stride)
        }
      }
      first += groupCount
      groupsLeft -= 1
    }
  }

  /// Takes the events of a group through all layers; the outputs come to lie in `buffers.hidden`.
  @_noLocks private func reconstruct(
    group events: UnsafeRawPointer, eventStride: Int, count: Int
  ) {
    for event in 0..<count {
      buffers.isFinite[event] = tamis_score_standardise(
        network.kernels, network.standardiser, events + event * eventStride,
        buffers.inputs + event * buffers.rowStride)
    }
    let hiddenLayerCount = network.blockCount + 1
    var from = buffers.inputs
    var layer = 0
    while layer <= hiddenLayerCount {
      // Only this one of the two buffers is sure to have room for the outputs.
      let isLikeLast = (hiddenLayerCount - layer) % 2 == 0
      let to = isLikeLast ? buffers.hidden : buffers.activated
      tamis_score_dense(network.kernels, network.layers + layer, from, count, false, to)
      if layer < hiddenLayerCount {
        let columnCount = (network.layers + layer).pointee.panel_count * panelColumnCount
        tamis_score_rectify(network.kernels, to, count, columnCount)
      }
      from = to
      layer += 1
    }
  }

  /// Makes one event's attributions and returns their sum.
  @_noLocks private func finish(event: Int) -> Float {
    let shares = buffers.shares(of: event)
    let row = event * buffers.rowStride
    tamis_score_residual(
      network.kernels, buffers.inputs + row, buffers.hidden + row, network.featureCount, shares)
    let score = tamis_score_total(network.kernels, network.featureCount, shares)
    if buffers.isFinite[event] { return score }
    for feature in 0..<network.featureCount { shares[feature] = .nan }
    return .nan
  }
}
