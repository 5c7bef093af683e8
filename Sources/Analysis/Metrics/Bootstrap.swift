internal import Calibration
internal import WorkerThreads

/// How intervals by resampling are made.
package struct BootstrapPlan: Sendable {
  /// Repeats; 0 for none.
  package var repeats: Int
  /// The seed of the draws.
  package var seed: UInt64
  /// Threads; no number depends on it.
  package var workers: Int
  /// The share of repeats that an interval holds.
  package var confidence: Double

  /// Creates a plan.
  package init(repeats: Int, seed: UInt64, workers: Int, confidence: Double) {
    precondition(repeats >= 0 && workers >= 1 && confidence > 0 && confidence < 1)
    self.repeats = repeats
    self.seed = seed
    self.workers = workers
    self.confidence = confidence
  }
}

/// The stratified bootstrap of B. Efron (Ann. Stat. 7, 1979): background and each signal are drawn
/// with replacement, each to its own number, and everything is computed again. The same draws serve
/// every score.
struct Bootstrap: Sendable {
  /// One of the numbers that every repeat gives.
  struct Address: Hashable, Sendable {
    var score: Int
    var signal: Int
    /// Index of the target false-positive rate; nil for the area under the curve.
    var target: Int?
  }

  private let repeats: Int
  private let signalCount: Int
  private let targetCount: Int
  /// Row `address`, column repeat.
  private let values: [Double]

  /// Runs all repeats. O(repeats x (events x scores)).
  init(
    scores: [EvaluatedScore], targets: [FalsePositiveRate], plan: BootstrapPlan
  ) {
    repeats = plan.repeats
    signalCount = scores.first?.signals.count ?? 0
    targetCount = targets.count
    let width = scores.count * signalCount * (targetCount + 1)
    let table = RepeatTable(rowCount: width, repeats: plan.repeats)
    if plan.repeats > 0, width > 0 {
      let work = BootstrapWork(
        ranked: scores.map { RankedEvents($0) }, backgroundCount: scores[0].background.count,
        signalCounts: scores[0].signals.map(\.count), targets: targets.map(\.value),
        draw: BootstrapDraw(seed: plan.seed))
      let workers = min(plan.workers, plan.repeats)
      withWorkers(workers, name: "bootstrap") { worker in
        for repetition in stride(from: worker, to: plan.repeats, by: workers) {
          work.run(repetition) { row, value in table.set(row, repetition, value) }
        }
      }
    }
    values = table.values
  }

  /// The results of the repeats for one number.
  func values(of address: Address) -> ArraySlice<Double> {
    let row =
      (address.score * signalCount + address.signal) * (targetCount + 1)
      + (address.target.map { $0 + 1 } ?? 0)
    return values[row * repeats..<(row + 1) * repeats]
  }

  /// The percentile interval of one number; nil without repeats.
  func interval(of address: Address, confidence: Double) -> ClosedRange<Double>? {
    centralInterval(Array(values(of: address)), confidence: confidence)
  }

  /// The interval of the difference of two numbers over the same draws.
  func interval(
    of first: Address, minus second: Address, confidence: Double
  ) -> ClosedRange<Double>? {
    centralInterval(
      zip(values(of: first), values(of: second)).map { $0 - $1 }, confidence: confidence)
  }
}

/// One repeat.
private struct BootstrapWork: Sendable {
  let ranked: [RankedEvents]
  let backgroundCount: Int
  let signalCounts: [Int]
  let targets: [Double]
  let draw: BootstrapDraw

  func run(_ repetition: Int, note: (_ row: Int, Double) -> Void) {
    var background = [UInt16](repeating: 0, count: backgroundCount)
    draw.count(into: &background, sample: 0, repetition: repetition)
    let signals = signalCounts.enumerated().map { index, count in
      var drawn = [UInt16](repeating: 0, count: count)
      draw.count(into: &drawn, sample: index + 1, repetition: repetition)
      return drawn
    }
    var row = 0
    var cumulatedBackground: [Int] = []
    var cumulated: [Int] = []
    for score in ranked {
      RankedEvents.cumulate(background, along: score.background, into: &cumulatedBackground)
      for (signal, drawn) in zip(score.signals, signals) {
        RankedEvents.cumulate(drawn, along: signal.events, into: &cumulated)
        note(row, signal.area(drawn: drawn, cumulatedBackground: cumulatedBackground))
        for (index, target) in targets.enumerated() {
          note(
            row + 1 + index,
            signal.rate(
              atFPR: target, cumulated: cumulated, cumulatedBackground: cumulatedBackground))
        }
        row += 1 + targets.count
      }
    }
  }
}

/// Room for all numbers of all repeats.
private final class RepeatTable: @unchecked Sendable {
  // Unchecked: a repeat is one worker's, and so are the elements it writes.
  private let storage: UnsafeMutableBufferPointer<Double>
  private let repeats: Int

  init(rowCount: Int, repeats: Int) {
    storage = .allocate(capacity: rowCount * repeats)
    storage.initialize(repeating: .nan)
    self.repeats = repeats
  }

  deinit { storage.deallocate() }

  func set(_ row: Int, _ repetition: Int, _ value: Double) {
    storage[row * repeats + repetition] = value
  }

  var values: [Double] { Array(storage) }
}
