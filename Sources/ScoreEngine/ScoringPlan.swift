internal import CScoreKernels
internal import ScoreModel

/// All buffers that scoring needs, made once. One thread at a time may use a plan.
///
/// A batch is scored in groups of at most twelve rows, a row being one event at one noise level.
/// A group passes through the whole network before the next one begins, so that its activations
/// stay in the first-level cache and the weights stream through once a group.
public final class ScoringPlan {
  /// The network scored with.
  public let network: ScoringNetwork
  /// The most events of one call.
  public let batchMax: Int

  private let memory: FloatMemory
  private let inputs: UnsafeMutablePointer<Float>
  private let projection: UnsafeMutablePointer<Float>
  private let hidden: UnsafeMutablePointer<Float>
  private let activated: UnsafeMutablePointer<Float>
  private let attributed: UnsafeMutablePointer<Float>
  private let isFinite: UnsafeMutablePointer<Bool>
  private let groupEventMax: Int
  private let levelCount: Int
  private let attributedStride: Int

  /// Allocates the buffers; nothing is allocated later.
  public init(network: ScoringNetwork, batchMax: Int) {
    precondition(batchMax >= 1)
    self.network = network
    self.batchMax = batchMax
    levelCount = network.scoring.levels.count
    groupEventMax = max(1, groupRowCount / levelCount)
    let features = network.shape.featureCount.rounded(upToMultipleOf: panelWidth)
    let width = network.shape.hiddenWidth.rounded(upToMultipleOf: panelWidth)
    attributedStride = features
    let rows = groupRowCount
    memory = FloatMemory(pieces: [
      features * rows, width * rows, max(width, features) * rows, width * rows, features * rows,
    ])
    inputs = memory.take(features * rows)
    projection = memory.take(width * rows)
    hidden = memory.take(max(width, features) * rows)
    activated = memory.take(width * rows)
    attributed = memory.take(features * rows)
    isFinite = .allocate(capacity: rows)
    isFinite.initialize(repeating: false, count: rows)
  }

  deinit { isFinite.deallocate() }

  /// Scores a batch. An event's score and attributions are the same bits whatever the batch, its
  /// place in it, the thread and the instruction set. Allocates nothing and takes no lock.
  ///
  /// An event with a feature that is NaN or infinite gets the score NaN and attributions NaN.
  /// Where finite features drive the network past the range of float32, attributions that would
  /// be NaN are +infinity, and so is the score.
  ///
  /// - Parameters:
  ///   - events: D raw float32 an event, of any alignment; event i begins at byte i * `eventStride`.
  ///   - eventStride: bytes from one event to the next.
  ///   - count: the number of events, 0 ... `batchMax`.
  ///   - scores: receives `count` floats.
  ///   - attributions: nil, or receives D floats an event, event i from byte i *
  ///     `attributionStride`; they sum to the score, bit for bit, in the documented order.
  ///   - attributionStride: bytes from one event's attributions to the next.
  public func score(
    events: UnsafeRawPointer, eventStride: Int, count: Int, scores: UnsafeMutablePointer<Float>,
    attributions: UnsafeMutablePointer<Float>?, attributionStride: Int
  ) {
    precondition(count >= 0 && count <= batchMax, "more events than the plan was made for")
    let attributionBytes = UnsafeMutableRawPointer(attributions)
    var first = 0
    var groupsLeft = (count + groupEventMax - 1) / groupEventMax
    while groupsLeft > 0 {
      // Groups of nearly equal size: a lone last event would cost almost as much as three.
      let groupCount = (count - first + groupsLeft - 1) / groupsLeft
      score(group: events + first * eventStride, eventStride: eventStride, count: groupCount)
      for event in 0..<groupCount {
        let target = attributionBytes.map { $0 + (first + event) * attributionStride }
        scores[first + event] = finish(event: event, attributions: target)
      }
      first += groupCount
      groupsLeft -= 1
    }
  }

  /// Fills `attributed` and `isFinite` for up to `groupEventMax` events.
  private func score(group events: UnsafeRawPointer, eventStride: Int, count: Int) {
    let kernels = network.kernels
    for event in 0..<count {
      isFinite[event] = kernels.pointee.standardise(
        network.standardiser, events + event * eventStride, inputs + event * blockWidth)
    }
    // The input projection knows nothing of levels, so they share it.
    kernels.pointee.dense(network.layers, inputs, count, false, projection)
    var level = 0
    while level < levelCount {
      let levels = level..<min(level + groupRowCount, levelCount)
      runLevels(levels, eventCount: count)
      level = levels.upperBound
    }
  }

  /// Takes the projected events through the network at some of the levels, which fit into a group.
  private func runLevels(_ levels: Range<Int>, eventCount: Int) {
    let kernels = network.kernels
    let width = network.shape.hiddenWidth
    let blockCount = network.shape.blockCount
    let rowCount = eventCount * levels.count
    kernels.pointee.embed(
      projection, eventCount, network.embeddings + levels.lowerBound * network.embeddingStride,
      network.embeddingStride, levels.count, width, hidden, activated)
    for block in 0..<blockCount {
      kernels.pointee.dense(network.layers + 1 + block, activated, rowCount, true, hidden)
      kernels.pointee.activate(hidden, rowCount, width, activated)
    }
    // What is hidden is not needed any more, and its buffer is large enough for the outputs.
    kernels.pointee.dense(network.layers + 1 + blockCount, activated, rowCount, false, hidden)
    for event in 0..<eventCount {
      kernels.pointee.attribute(
        hidden + event * levels.count * blockWidth, network.levelWeights + levels.lowerBound,
        levels.count, levels.lowerBound > 0, network.featureCount,
        attributed + event * attributedStride)
    }
  }

  /// Hands out one event's attributions and returns its score.
  private func finish(event: Int, attributions: UnsafeMutableRawPointer?) -> Float {
    let featureCount = network.featureCount
    let shares = attributed + event * attributedStride
    let score = network.kernels.pointee.total(featureCount, shares)
    if !isFinite[event] { shares.update(repeating: .nan, count: featureCount) }
    attributions?.copyMemory(
      from: shares, byteCount: featureCount * MemoryLayout<Float>.stride)
    return isFinite[event] ? score : .nan
  }
}
