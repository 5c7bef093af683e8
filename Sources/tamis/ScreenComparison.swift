internal import Calibration
internal import ScoreEngine
internal import ScoreModel

/// Compares screen and exact scores while `tamis calibrate` goes through the background.
struct ScreenComparison {
  private let plan: ScreenPlan?
  /// Why the model has no screen; nil where it has one.
  let refusal: String?
  /// The comparison so far.
  private(set) var accumulator = ScreenAccumulator()
  private var scores: [Float]

  private static let chunkEventMax = 4_096

  init(model: TrainedModel, network: ScoringNetwork) {
    scores = [Float](repeating: 0, count: Self.chunkEventMax)
    do throws(ScreenError) {
      plan = ScreenPlan(
        network: try ScreenNetwork(model: model, exact: network), batchMax: Self.chunkEventMax)
      refusal = nil
    } catch {
      plan = nil
      refusal = error.description
    }
  }

  /// Screens events whose exact scores are known; `events` are their features, row-major.
  mutating func add(
    exact: UnsafeBufferPointer<Float>, events: UnsafeBufferPointer<Float>
  ) {
    guard let plan, let base = events.baseAddress else { return }
    let width = plan.network.exact.featureCount
    for first in stride(from: 0, to: exact.count, by: Self.chunkEventMax) {
      let count = min(Self.chunkEventMax, exact.count - first)
      scores.withUnsafeMutableBufferPointer { scores in
        guard let to = scores.baseAddress else { return }
        plan.score(
          events: base + first * width, eventStride: width * MemoryLayout<Float>.stride,
          count: count, scores: to)
        accumulator.add(
          exact: UnsafeBufferPointer(rebasing: exact[first..<first + count]),
          screened: UnsafeBufferPointer(start: to, count: count))
      }
    }
  }
}
