/// Where a group's intermediate values lie; the memory belongs to a scorer.
struct ScoringBuffers {
  /// From one row to the next, in all buffers but the attributions.
  let rowStride = blockWidth
  /// Standardised features, a row an event.
  let inputs: UnsafeMutablePointer<Float>
  /// The input projection, a row an event.
  let projection: UnsafeMutablePointer<Float>
  /// The residual stream, a row an event and level; at the end the outputs.
  let hidden: UnsafeMutablePointer<Float>
  /// silu(hidden).
  let activated: UnsafeMutablePointer<Float>
  /// `attributionStride` floats an event.
  let attributions: UnsafeMutablePointer<Float>
  let attributionStride: Int
  /// Whether an event's raw features are finite.
  let isFinite: UnsafeMutablePointer<Bool>
  /// Nil where the score has no distance.
  let distance: DistanceBuffers?

  /// Lengths of the pieces of memory that the buffers take.
  static func pieces(_ network: PackedNetwork) -> [Int] {
    let features = network.featureCount.rounded(upToMultipleOf: panelWidth)
    let width = network.hiddenWidth.rounded(upToMultipleOf: panelWidth)
    return [features, width, max(width, features), width, features, 1].map { $0 * groupRowCount }
      + (network.distance == nil ? [] : DistanceBuffers.pieces)
  }

  init(_ network: PackedNetwork, memory: FloatMemory) {
    let pieces = ScoringBuffers.pieces(network)
    inputs = memory.take(pieces[0])
    projection = memory.take(pieces[1])
    hidden = memory.take(pieces[2])
    activated = memory.take(pieces[3])
    attributions = memory.take(pieces[4])
    attributionStride = pieces[4] / groupRowCount
    isFinite = UnsafeMutableRawPointer(memory.take(pieces[5]))
      .bindMemory(to: Bool.self, capacity: groupRowCount)
    distance = network.distance == nil ? nil : DistanceBuffers(memory: memory)
  }

  /// An event's attributions.
  @_noLocks func shares(of event: Int) -> UnsafeMutablePointer<Float> {
    attributions + event * attributionStride
  }
}
