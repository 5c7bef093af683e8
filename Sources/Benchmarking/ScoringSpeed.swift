internal import CLinux
package import ScoreEngine

/// How fast a core scores, in batches and one by one, beside its peak.
///
/// Everything is measured in short slices that take turns: peak, exact, screened, peak. A change of
/// the machine's pace touches all of them, so that the shares stay true.
package struct ScoringSpeed {
  private let network: ScoringNetwork
  private let screened: ScoringPrecision?
  private let peak: MachinePeak
  fileprivate let events: UnsafeBufferPointer<Float>
  private let eventCount: Int

  /// A rate with its share of the measured peak.
  package struct Rate: Sendable {
    /// Events a second.
    package var eventsPerSecond: Spread
    /// The share of the core's peak, 0 ... 1.
    package var shareOfPeak: Spread
  }

  /// The rates at one batch size.
  package struct Row: Sendable {
    /// Events a call.
    package var batch: Int
    /// Every event in float32.
    package var exact: Rate
    /// Screened, and exact where the screen does not rule an event out.
    package var screened: Rate?
    /// Screened over exact, slice by slice.
    package var ratio: Spread?
  }

  private static let sliceNs: UInt64 = 40_000_000

  /// Prepares to score `events`, row-major, at least one; they must outlive this value.
  ///
  /// - Parameters:
  ///   - screen: nil measures exact scoring alone.
  ///   - screening: when the screen lets an event go.
  package init(
    screen: ScreenNetwork?, network: ScoringNetwork, screening: Screening,
    events: UnsafeBufferPointer<Float>
  ) {
    precondition(!events.isEmpty && events.count % network.featureCount == 0)
    self.network = network
    self.events = events
    eventCount = events.count / network.featureCount
    peak = MachinePeak(network.instructionSet)
    screened = screen.map { .screened($0, screening) }
  }

  /// The measured peak as events a second: float32, and 8-bit integers.
  package func peakRates(slices: Int) -> (float32: Spread, int8: Spread) {
    let work = Double(network.multiplyAddsPerEvent)
    return (
      Spread((0..<slices).map { _ in peak.float32() / work }),
      Spread((0..<slices).map { _ in peak.int8() / work })
    )
  }

  /// Measures one batch size in `slices` slices of about 40 ms each.
  package func rates(batch: Int, slices: Int) -> Row {
    precondition(batch >= 1 && slices >= 1)
    let exact = Sliced(.exact(network), batch: batch, of: self)
    let screened = screened.map { Sliced($0, batch: batch, of: self) }
    let work = Double(network.multiplyAddsPerEvent)
    var found: [(exact: Double, exactShare: Double, screened: Double, screenedShare: Double)] = []
    for _ in 0..<slices {
      let (float32Before, int8Before) = (peak.float32(), screened == nil ? 1 : peak.int8())
      let exactRate = exact.rate(forNs: Self.sliceNs)
      let screenedRate = screened?.rate(forNs: Self.sliceNs) ?? 0
      let float32 = (float32Before + peak.float32()) / 2 / work
      let int8 = (int8Before + (screened == nil ? 1 : peak.int8())) / 2 / work
      found.append((exactRate, exactRate / float32, screenedRate, screenedRate / int8))
    }
    var row = Row(
      batch: batch,
      exact: Rate(
        eventsPerSecond: Spread(found.map(\.exact)), shareOfPeak: Spread(found.map(\.exactShare))))
    if screened != nil {
      row.screened = Rate(
        eventsPerSecond: Spread(found.map(\.screened)),
        shareOfPeak: Spread(found.map(\.screenedShare)))
      row.ratio = Spread(found.map { $0.screened / $0.exact })
    }
    return row
  }

  /// Times `count` calls of one event each.
  package func latencies(isScreened: Bool, count: Int) -> LatencyDistribution {
    precondition(count >= 1 && (!isScreened || screened != nil))
    let sliced = Sliced((isScreened ? screened : nil) ?? .exact(network), batch: 1, of: self)
    for _ in 0..<min(count, 1_000) { sliced.scoreNext() }
    var durationsNs = [UInt64](repeating: 0, count: count)
    for index in durationsNs.indices {
      let startNs = tamis_monotonic_ns()
      sliced.scoreNext()
      durationsNs[index] = tamis_monotonic_ns() - startNs
    }
    return LatencyDistribution(nanoseconds: durationsNs)
  }

  /// The share of the events that a screened batch scored exactly.
  package func rescoredShare() -> Double? {
    guard let screened else { return nil }
    let sliced = Sliced(screened, batch: min(256, eventCount), of: self)
    var (rescored, scored) = (0, 0)
    while scored < eventCount {
      rescored += sliced.scoreNext().rescored
      scored += sliced.batch
    }
    return Double(rescored) / Double(scored)
  }
}

/// A scorer that goes through the events batch by batch, round and round.
private final class Sliced {
  let batch: Int
  private let scorer: EventScorer
  private let events: UnsafeBufferPointer<Float>
  private let eventCount: Int
  private let width: Int
  private var next = 0
  // Not arrays: the bookkeeping of their accesses would be measured too.
  private let scores: UnsafeMutablePointer<Float>
  private let attributions: UnsafeMutablePointer<Float>

  init(_ precision: ScoringPrecision, batch: Int, of speed: ScoringSpeed) {
    events = speed.events
    width = precision.network.featureCount
    eventCount = events.count / width
    // A batch larger than the sample would read past its end.
    self.batch = min(batch, eventCount)
    scorer = EventScorer(precision, batchMax: self.batch)
    scores = .allocate(capacity: self.batch)
    attributions = .allocate(capacity: self.batch * width)
    scores.initialize(repeating: 0, count: self.batch)
    attributions.initialize(repeating: 0, count: self.batch * width)
  }

  deinit {
    scores.deallocate()
    attributions.deallocate()
  }

  @discardableResult
  func scoreNext() -> ScreeningOutcome {
    if next + batch > eventCount { next = 0 }
    guard let base = events.baseAddress else { return ScreeningOutcome() }
    let stride = width * MemoryLayout<Float>.stride
    let outcome = scorer.score(
      events: base + next * width, eventStride: stride, count: batch, isSampled: nil,
      scores: scores, attributions: attributions, attributionStride: stride)
    next += batch
    return outcome
  }

  /// Events a second over at least `durationNs`.
  func rate(forNs durationNs: UInt64) -> Double {
    let startNs = tamis_monotonic_ns()
    var scored = 0
    var elapsedNs: UInt64 = 0
    while elapsedNs < durationNs {
      // The clock is asked once in some hundred microseconds.
      for _ in 0..<max(1, 16 / batch) {
        scoreNext()
        scored += batch
      }
      elapsedNs = tamis_monotonic_ns() - startNs
    }
    return Double(scored) / (Double(elapsedNs) * 1e-9)
  }
}
