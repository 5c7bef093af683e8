internal import Calibration
internal import CommandFrame
internal import DurableFiles
internal import ScoreEngine
internal import ScoreModel

/// Compares screen and exact scores while `tamis calibrate` goes through the background.
struct ScreenComparison {
  private let plan: ScreenPlan?
  /// Why the model has no screen.
  private let refusal: String?
  private var accumulator = ScreenAccumulator()
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

  /// The comparison with the margin asked for, or the default one where `margin` is nil.
  ///
  /// - Returns: nil, after saying why, where the default does not hold: exact precision needs none.
  /// - Throws: `FileFault` where a margin was asked for that the background does not support.
  func calibration(margin: Double?, modelPath: String) throws(FileFault) -> ScreenCalibration? {
    let measured = accumulator.calibration(margin: margin ?? ScreenCalibration.defaultMargin)
    if let measured, measured.isSupported { return measured }
    let fault = FileFault(
      file: modelPath,
      found: measured.map {
        "screen scores that fall short by \(short($0.shortfallMax)) of themselves"
      } ?? refusal ?? "no event that could be screened",
      expected: plan == nil
        ? "a network that can be screened"
        : "at most \(short((margin ?? ScreenCalibration.defaultMargin) / 2)) for the screen "
          + "margin \(margin ?? ScreenCalibration.defaultMargin)",
      remedy: measured.map { "use --screen-margin \(short($0.marginMin * 1.05)) or more" }
        ?? "use precision: exact")
    if margin != nil { throw fault }
    complain("no screen: \(fault)")
    return nil
  }
}
