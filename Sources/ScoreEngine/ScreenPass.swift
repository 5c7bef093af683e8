internal import CScoreKernels

/// One way through the screen: groups of events pass depth first, as in `ScoringPass`.
struct ScreenPass {
  let network: PackedScreen
  let buffers: ScreenBuffers

  /// Writes the screen scores of a batch. They are NaN where a raw feature is not finite, and
  /// +infinity where one is beyond the screen's range.
  @_noLocks func score(
    events: UnsafeRawPointer, eventStride: Int, count: Int, scores: UnsafeMutablePointer<Float>
  ) {
    let groupEventMax = network.exact.groupEventMax
    var first = 0
    var groupsLeft = (count + groupEventMax - 1) / groupEventMax
    while groupsLeft > 0 {
      let groupCount = (count - first + groupsLeft - 1) / groupsLeft
      for row in 0..<groupCount {
        buffers.isFinite[row] = tamis_score_standardise(
          network.exact.kernels, network.exact.standardiser,
          events + (first + row) * eventStride, buffers.inputs + row * buffers.rowStride)
      }
      let next = first + groupCount
      let nextEnd = next + groupCount < count ? next + groupCount : count
      for event in next..<nextEnd {
        tamis_score_prefetch(events + event * eventStride, network.exact.featureCount)
      }
      runGroup(count: groupCount, scores: scores + first)
      first += groupCount
      groupsLeft -= 1
    }
  }

  @_noLocks private func runGroup(count: Int, scores: UnsafeMutablePointer<Float>) {
    let exact = network.exact
    tamis_screen_quantise(
      network.kernels, buffers.inputs, count, exact.featureCount, network.inputLimit,
      buffers.quantised, buffers.rowScales, buffers.fits)
    tamis_screen_dense(
      network.kernels, network.layers, buffers.quantised, buffers.rowScales, count, false,
      buffers.projection)
    for row in 0..<count { scores[row] = 0 }
    var level = 0
    while level < exact.levelCount {
      let levelsLeft = exact.levelCount - level
      let levelsAtOnce = levelsLeft < exact.rowCountMax ? levelsLeft : exact.rowCountMax
      runLevels(from: level, count: levelsAtOnce, eventCount: count, scores: scores)
      level += levelsAtOnce
    }
    addDistances(count: count, scores: scores)
    for row in 0..<count {
      if !buffers.fits[row] { scores[row] = .infinity }
      if !buffers.isFinite[row] { scores[row] = .nan }
    }
  }

  /// The distance is computed as it is for exact scores; only what it is added to is approximate.
  @_noLocks private func addDistances(count: Int, scores: UnsafeMutablePointer<Float>) {
    let exact = network.exact
    guard let distance = exact.distance, let found = buffers.distance,
      let shares = buffers.shares
    else { return }
    let pass = DistancePass(
      kernels: exact.kernels, distance: distance, buffers: found,
      featureCount: exact.featureCount)
    pass.findNearest(inputs: buffers.inputs, count: count)
    for row in 0..<count {
      for feature in 0..<exact.featureCount { shares[feature] = 0 }
      pass.add(row: row, inputs: buffers.inputs, to: shares)
      scores[row] += tamis_score_total(exact.kernels, exact.featureCount, shares)
    }
  }

  @_noLocks private func runLevels(
    from level: Int, count: Int, eventCount: Int, scores: UnsafeMutablePointer<Float>
  ) {
    let exact = network.exact
    let rowCount = eventCount * count
    tamis_screen_embed(
      network.kernels, buffers.projection, eventCount,
      exact.embeddings + level * exact.embeddingStride, exact.embeddingStride, count,
      exact.hiddenWidth, buffers.hidden, buffers.quantised, buffers.rowScales)
    var layer = network.layers + 1
    for _ in 0..<exact.blockCount {
      tamis_screen_dense(
        network.kernels, layer, buffers.quantised, buffers.rowScales, rowCount, true,
        buffers.hidden)
      tamis_screen_activate(
        network.kernels, buffers.hidden, rowCount, exact.hiddenWidth, buffers.quantised,
        buffers.rowScales)
      layer += 1
    }
    tamis_screen_dense(
      network.kernels, layer, buffers.quantised, buffers.rowScales, rowCount, false,
      buffers.hidden)
    for event in 0..<eventCount {
      scores[event] = tamis_screen_norm(
        network.kernels, buffers.hidden + event * count * buffers.rowStride,
        exact.levelWeights + level, count, exact.featureCount, scores[event])
    }
  }
}

/// Where a group's intermediate values lie; the memory belongs to a plan.
struct ScreenBuffers {
  /// From one row to the next, in all buffers of floats.
  let rowStride = blockWidth
  /// Standardised features, a row an event.
  let inputs: UnsafeMutablePointer<Float>
  /// The input projection, a row an event.
  let projection: UnsafeMutablePointer<Float>
  /// The residual stream, a row an event and level; at the end the outputs.
  let hidden: UnsafeMutablePointer<Float>
  /// What the next layer reads.
  let quantised: UnsafeMutablePointer<UInt8>
  let rowScales: UnsafeMutablePointer<Float>
  /// Whether an event's raw features are finite.
  let isFinite: UnsafeMutablePointer<Bool>
  /// Whether its standardised features are within the screen's range.
  let fits: UnsafeMutablePointer<Bool>
  /// Nil where the score has no distance.
  let distance: DistanceBuffers?
  /// What the distance contributes to one event, a value a feature; nil where there is none.
  let shares: UnsafeMutablePointer<Float>?

  /// Lengths in floats of the pieces of memory that the buffers take.
  static func pieces(_ network: PackedScreen) -> [Int] {
    let features = network.exact.featureCount.rounded(upToMultipleOf: panelWidth)
    let width = network.exact.hiddenWidth.rounded(upToMultipleOf: panelWidth)
    let widest = max(width, features).rounded(upToMultipleOf: 64)
    let columnFloats = MemoryLayout<Float>.stride / Int(TAMIS_SCREEN_COLUMN_BYTES)
    return [features, width, max(width, features), widest / columnFloats, 1, 1, 1]
      .map { $0 * groupRowCount }
      + (network.exact.distance == nil ? [] : DistanceBuffers.pieces + [features])
  }

  init(_ network: PackedScreen, memory: FloatMemory) {
    let pieces = ScreenBuffers.pieces(network)
    inputs = memory.take(pieces[0])
    projection = memory.take(pieces[1])
    hidden = memory.take(pieces[2])
    quantised = UnsafeMutableRawPointer(memory.take(pieces[3]))
      .bindMemory(to: UInt8.self, capacity: pieces[3] * MemoryLayout<Float>.stride)
    rowScales = memory.take(pieces[4])
    isFinite = UnsafeMutableRawPointer(memory.take(pieces[5]))
      .bindMemory(to: Bool.self, capacity: groupRowCount)
    fits = UnsafeMutableRawPointer(memory.take(pieces[6]))
      .bindMemory(to: Bool.self, capacity: groupRowCount)
    let hasDistance = network.exact.distance != nil
    distance = hasDistance ? DistanceBuffers(memory: memory) : nil
    shares = hasDistance ? memory.take(pieces[pieces.count - 1]) : nil
  }
}
