internal import CScoreKernels
internal import ScoreModel

/// Prototypes of which one panel of sums at a time is made, so that the sums stay in the
/// first-level cache.
private let prototypesAtOnce = 256

/// The parts of a distance in a network's block of memory.
struct DistanceLayout {
  let distance: NeighbourDistance

  init(_ distance: NeighbourDistance) { self.distance = distance }

  private var rowStride: Int { FloatMemory.padded(distance.featureCount) }

  private var chunks: [Range<Int>] {
    stride(from: 0, to: distance.count, by: prototypesAtOnce).map {
      $0..<min($0 + prototypesAtOnce, distance.count)
    }
  }

  private func layer(_ chunk: Range<Int>) -> PackedLayer {
    PackedLayer(inputCount: distance.featureCount, outputCount: chunk.count)
  }

  var pieces: [Int] { chunks.flatMap { layer($0).pieces } + [distance.count * rowStride] }

  /// The prototypes as layers and as rows; the caller deallocates the list of layers.
  func pack(into memory: FloatMemory) -> PackedDistance {
    let width = distance.featureCount
    let layers = UnsafeMutablePointer<tamis_dense_layer>.allocate(capacity: chunks.count)
    for (index, chunk) in chunks.enumerated() {
      let weights = distance.prototypes[chunk.lowerBound * width..<chunk.upperBound * width]
      let layer = layer(chunk)
      let packed = layer.pack(
        weights: weights, bias: halfSquares(chunk)[...], into: memory)
      // The padding of the last panel must never be the largest.
      let bias = UnsafeMutablePointer(mutating: packed.bias)
      for padding in chunk.count..<layer.paddedOutputCount { bias[padding] = -.infinity }
      (layers + index).initialize(to: packed)
    }
    let rows = memory.take(distance.count * rowStride)
    for place in 0..<distance.count {
      for feature in 0..<width {
        rows[place * rowStride + feature] = distance.prototypes[place * width + feature]
      }
    }
    return PackedDistance(
      layers: UnsafePointer(layers), layerCount: chunks.count, rows: UnsafePointer(rows),
      rowStride: rowStride, prototypeCount: distance.count, weight: distance.weight)
  }

  /// -|p|^2 / 2 of each prototype, float64 and features ascending, rounded to float32: the product
  /// z . p and this are largest where |z - p| is smallest.
  private func halfSquares(_ chunk: Range<Int>) -> [Float] {
    let width = distance.featureCount
    return chunk.map { place in
      var sum = 0.0
      for value in distance.prototypes[place * width..<(place + 1) * width] {
        sum += Double(value) * Double(value)
      }
      return Float(-sum / 2)
    }
  }
}

/// What the kernels read of a distance; the memory belongs to a `ScoringNetwork`.
struct PackedDistance {
  // Kept here: reading a global may take a lock, which scoring must not.
  let columnCount = panelWidth
  let laneCount = blockWidth
  /// Dense layers over the features, one output a prototype.
  let layers: UnsafePointer<tamis_dense_layer>
  let layerCount: Int
  /// The prototypes, `rowStride` floats each.
  let rows: UnsafePointer<Float>
  let rowStride: Int
  let prototypeCount: Int
  let weight: Float
}

/// Where the search for the nearest prototypes of a group keeps its values.
struct DistanceBuffers {
  /// One layer's outputs.
  let sums: UnsafeMutablePointer<Float>
  /// The largest sum so far, a value a lane of each row.
  let best: UnsafeMutablePointer<Float>
  /// The prototypes that they belong to.
  let places: UnsafeMutablePointer<Int32>

  static var pieces: [Int] {
    [prototypesAtOnce, blockWidth, blockWidth].map { $0 * groupRowCount }
  }

  init(memory: FloatMemory) {
    let pieces = DistanceBuffers.pieces
    sums = memory.take(pieces[0])
    best = memory.take(pieces[1])
    places = UnsafeMutableRawPointer(memory.take(pieces[2]))
      .bindMemory(to: Int32.self, capacity: pieces[2])
  }
}

/// The distances of one group of events to their nearest prototypes.
struct DistancePass {
  let kernels: OpaquePointer
  let distance: PackedDistance
  let buffers: DistanceBuffers
  let featureCount: Int
  private let columnCount: Int
  private let laneCount: Int

  @_noLocks init(
    kernels: OpaquePointer, distance: PackedDistance, buffers: DistanceBuffers, featureCount: Int
  ) {
    self.kernels = kernels
    self.distance = distance
    self.buffers = buffers
    self.featureCount = featureCount
    columnCount = distance.columnCount
    laneCount = distance.laneCount
  }

  /// Finds the nearest prototype of each of `count` standardised events.
  @_noLocks func findNearest(inputs: UnsafePointer<Float>, count: Int) {
    var first: Int32 = 0
    for index in 0..<distance.layerCount {
      let layer = distance.layers + index
      let columns = layer.pointee.panel_count * columnCount
      tamis_score_dense(kernels, layer, inputs, count, false, buffers.sums)
      tamis_score_largest(
        kernels, buffers.sums, count, columns, first, buffers.best, buffers.places)
      first &+= Int32(truncatingIfNeeded: columns)
    }
  }

  /// Adds what the distance contributes to the attributions of the event in a row.
  @_noLocks func add(
    row: Int, inputs: UnsafePointer<Float>, to attributions: UnsafeMutablePointer<Float>
  ) {
    let place = tamis_score_largest_place(
      buffers.best + row * laneCount, buffers.places + row * laneCount)
    tamis_score_distance(
      kernels, inputs + row * laneCount, distance.rows + Int(place) * distance.rowStride,
      distance.weight, featureCount, attributions)
  }
}
