internal import CScoreKernels

/// One way through the network: a packed network and the buffers of a scorer.
///
/// A batch is scored in groups of at most twelve rows; a row is one event at one noise level. A
/// group passes through the whole network before the next one begins: its activations stay in the
/// first-level cache, and the weights are read once for each group.
///
/// The compiler proves that nothing here allocates, locks or counts references. The kernels are C,
/// which it cannot look into; they call nothing.
struct ScoringPass {
  let network: PackedNetwork
  let buffers: ScoringBuffers

  /// Scores the chosen events of a batch, as `EventScorer.score` does.
  @_noLocks func score(
    _ chosen: ChosenEvents, of events: UnsafeRawPointer, eventStride: Int,
    scores: UnsafeMutablePointer<Float>, attributions: UnsafeMutableRawPointer?,
    attributionStride: Int
  ) {
    let groupEventMax = network.groupEventMax
    var first = 0
    var groupsLeft = (chosen.count + groupEventMax - 1) / groupEventMax
    while groupsLeft > 0 {
      // Groups of nearly equal size, since small ones are some per cent slower an event.
      let groupCount = (chosen.count - first + groupsLeft - 1) / groupsLeft
      for row in 0..<groupCount {
        buffers.isFinite[row] = tamis_score_standardise(
          network.kernels, network.standardiser,
          events + chosen.event(first + row) * eventStride,
          buffers.inputs + row * buffers.rowStride)
      }
      let next = first + groupCount
      let nextEnd = next + groupCount < chosen.count ? next + groupCount : chosen.count
      for index in next..<nextEnd {
        tamis_score_prefetch(events + chosen.event(index) * eventStride, network.featureCount)
      }
      if network.isAutoencoder {
        reconstructGroup(count: groupCount)
      } else {
        runGroup(count: groupCount)
        addDistances(count: groupCount)
      }
      for row in 0..<groupCount {
        let event = chosen.event(first + row)
        scores[event] = finish(event: row)
        if let attributions {
          (attributions + event * attributionStride).copyMemory(
            from: buffers.shares(of: row),
            byteCount: network.featureCount * MemoryLayout<Float>.stride)
        }
      }
      first += groupCount
      groupsLeft -= 1
    }
  }

  /// Makes the attributions of the standardised events of one group.
  @_noLocks private func runGroup(count: Int) {
    // The input projection knows nothing of levels, so they share it.
    tamis_score_dense(
      network.kernels,
      network.layers, buffers.inputs, count, false, buffers.projection)
    var level = 0
    while level < network.levelCount {
      let levelsLeft = network.levelCount - level
      let levelsAtOnce = levelsLeft < network.rowCountMax ? levelsLeft : network.rowCountMax
      runLevels(from: level, count: levelsAtOnce, eventCount: count)
      level += levelsAtOnce
    }
  }

  /// Adds what the distance to the nearest prototype contributes.
  @_noLocks private func addDistances(count: Int) {
    guard let distance = network.distance, let found = buffers.distance else { return }
    let pass = DistancePass(
      kernels: network.kernels, distance: distance, buffers: found,
      featureCount: network.featureCount)
    pass.findNearest(inputs: buffers.inputs, count: count)
    for event in 0..<count {
      pass.add(row: event, inputs: buffers.inputs, to: buffers.shares(of: event))
    }
  }

  /// Takes the projected events through the network at some of the levels, which fit into a group.
  @_noLocks private func runLevels(from level: Int, count: Int, eventCount: Int) {
    let rowCount = eventCount * count
    tamis_score_embed(
      network.kernels,
      buffers.projection, eventCount, network.embeddings + level * network.embeddingStride,
      network.embeddingStride, count, network.hiddenWidth, buffers.hidden, buffers.activated)
    var layer = network.layers + 1
    for _ in 0..<network.blockCount {
      tamis_score_dense(network.kernels, layer, buffers.activated, rowCount, true, buffers.hidden)
      tamis_score_activate(
        network.kernels, buffers.hidden, rowCount, network.hiddenWidth, buffers.activated)
      layer += 1
    }
    // The hidden values are not needed any more, and their buffer is large enough for the outputs.
    tamis_score_dense(network.kernels, layer, buffers.activated, rowCount, false, buffers.hidden)
    for event in 0..<eventCount {
      tamis_score_attribute(
        network.kernels,
        buffers.hidden + event * count * buffers.rowStride, network.levelWeights + level, count,
        level > 0, network.featureCount, buffers.shares(of: event))
    }
  }

  /// Completes one event's attributions and returns its score.
  @_noLocks private func finish(event: Int) -> Float {
    let shares = buffers.shares(of: event)
    let score = tamis_score_total(network.kernels, network.featureCount, shares)
    if buffers.isFinite[event] { return score }
    for feature in 0..<network.featureCount { shares[feature] = .nan }
    return .nan
  }
}
