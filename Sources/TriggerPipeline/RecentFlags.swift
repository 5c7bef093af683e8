package import EventRecords
internal import Synchronization

/// One of the last kept events, with the facts that an operator wants to see.
package struct RecentFlag: Equatable, Sendable {
  /// Which event.
  package var event: EventIdentity
  /// Its number in the journal.
  package var number: UInt64
  /// Why it was kept.
  package var reasons: FlagReasons
  /// Bit i: working point i of the generation then in force.
  package var workingPoints: UInt16
  /// Its score; NaN where it is not scorable.
  package var score: Float
  /// How rare the score is among background, as the record has it: negative where it is extrapolated,
  /// 0 where it is not known.
  package var backgroundRate: Float
  /// When it was decided on, ns since the epoch.
  package var decidedNs: UInt64
  /// Features with the largest shares of the score, largest first.
  package var topFeatures: [FeatureShare]

  /// A feature's part of a score.
  package struct FeatureShare: Equatable, Sendable {
    /// Index of the feature.
    package var feature: Int
    /// Its attribution divided by the score, in 0 ... 1.
    package var share: Float

    /// Creates a share.
    package init(feature: Int, share: Float) {
      self.feature = feature
      self.share = share
    }
  }

  /// Creates an entry.
  package init(
    event: EventIdentity, number: UInt64, reasons: FlagReasons, workingPoints: UInt16,
    score: Float, backgroundRate: Float = 0, decidedNs: UInt64, topFeatures: [FeatureShare]
  ) {
    self.event = event
    self.number = number
    self.reasons = reasons
    self.workingPoints = workingPoints
    self.score = score
    self.backgroundRate = backgroundRate
    self.decidedNs = decidedNs
    self.topFeatures = topFeatures
  }
}

/// The last flagged events and what made them strange: the publishing thread writes them into fixed
/// memory, and the page reads them.
///
/// The writer never waits. While a reader looks, the entry is left out: the page misses a line, and
/// the stream is not delayed.
package final class RecentFlags: Sendable {
  /// How many events are kept.
  package static let eventCountMax = 16
  /// How many features of each.
  package static let featureCountMax = 5
  /// How many of the last hour's strangest events are kept, both in all and in each span.
  package static let strangestCountMax = 8
  static let spanCount: UInt64 = 12
  private static let spanNs: UInt64 = 300_000_000_000
  /// A flagged event weighs this share in the running mean of attributions.
  static let meanWeight: Float = 1 / 64

  fileprivate struct Entry {
    var event = EventIdentity(run: 0, source: 0, sequence: 0, event: 0)
    var number: UInt64 = 0
    var reasons = FlagReasons()
    var workingPoints: UInt16 = 0
    var score: Float = 0
    var backgroundRate: Float = 0
    var decidedNs: UInt64 = 0
    var features = InlineArray<5, Int>(repeating: -1)
    var shares = InlineArray<5, Float>(repeating: 0)
  }

  /// The highest scores of some minutes, the highest first.
  fileprivate struct Span {
    /// Minutes since the epoch, in units of `spanMinutes`; 0 before the first event.
    var period: UInt64 = 0
    var entries = InlineArray<8, Entry>(repeating: Entry())
    var count = 0
  }

  fileprivate struct Content {
    var entries: [Entry]
    var count = 0
    var meanShares: [Float]
    /// The span of period p is at p modulo their count.
    var spans: [Span]
  }

  private let content: Mutex<Content>

  package init(featureCount: Int) {
    content = Mutex(
      Content(
        entries: [Entry](repeating: Entry(), count: Self.eventCountMax),
        meanShares: [Float](repeating: 0, count: featureCount),
        spans: [Span](repeating: Span(), count: Int(Self.spanCount))))
  }

  /// Keeps an event that was flagged for its score. The publishing thread alone; O(D), allocates
  /// nothing.
  package func note(
    _ header: FlaggedHeader, record: EventRecordView, attributions: UnsafeBufferPointer<Float>
  ) {
    var entry = Entry()
    entry.event = EventIdentity(record)
    entry.number = header.number
    entry.reasons = header.reasons
    entry.workingPoints = header.workingPoints
    entry.score = header.score
    entry.backgroundRate = header.backgroundRate
    entry.decidedNs = header.decidedNs
    let hasShares = header.score.isFinite && header.score > 0
    if hasShares { Self.selectLargest(of: attributions, score: header.score, into: &entry) }
    _ = content.withLockIfAvailable { content in
      content.entries[content.count % Self.eventCountMax] = entry
      content.count += 1
      content.keepIfStrange(entry)
      guard hasShares else { return }
      for feature in attributions.indices {
        let share = attributions[feature] / header.score
        content.meanShares[feature] += Self.meanWeight * (share - content.meanShares[feature])
      }
    }
  }

  /// The last events, the newest first.
  package var latest: [RecentFlag] {
    content.withLock { content in
      (0..<min(content.count, Self.eventCountMax)).map { age in
        content.entries[(content.count - 1 - age) % Self.eventCountMax].flag
      }
    }
  }

  /// The events of the hour before `nowNs` (ns since the epoch) with the highest scores, the
  /// highest first. The hour is counted in spans of five minutes, the one that runs among them.
  package func strangest(nowNs: UInt64) -> [RecentFlag] {
    let now = Self.period(nowNs)
    let spans = content.withLock { content in content.spans.map { $0 } }
    let kept = spans.filter { $0.count > 0 && $0.period <= now && now - $0.period < Self.spanCount }
      .flatMap { span in (0..<span.count).map { span.entries[$0].flag } }
    return Array(
      kept.sorted { ($0.score, $1.number) > ($1.score, $0.number) }.prefix(Self.strangestCountMax))
  }

  /// D shares of the score: a running mean over flagged events, in which about the last 64 weigh
  /// most. Zeros before the first.
  ///
  /// Copied element by element: a shared array would make the writer allocate at its next change.
  package var meanShares: [Float] { content.withLock { content in content.meanShares.map { $0 } } }

  fileprivate static func period(_ timeNs: UInt64) -> UInt64 { timeNs / spanNs }

  /// Insertion into a short sorted list.
  private static func selectLargest(
    of attributions: UnsafeBufferPointer<Float>, score: Float, into entry: inout Entry
  ) {
    for feature in attributions.indices {
      let share = attributions[feature] / score
      var place = featureCountMax
      while place > 0, share > entry.shares[place - 1] { place -= 1 }
      if place == featureCountMax { continue }
      for later in stride(from: featureCountMax - 1, to: place, by: -1) {
        entry.features[later] = entry.features[later - 1]
        entry.shares[later] = entry.shares[later - 1]
      }
      entry.features[place] = feature
      entry.shares[place] = share
    }
  }
}

extension RecentFlags.Content {
  /// Puts an event among the strangest of its span, where it is one of them.
  fileprivate mutating func keepIfStrange(_ entry: RecentFlags.Entry) {
    guard !entry.score.isNaN else { return }
    let period = RecentFlags.period(entry.decidedNs)
    let index = Int(period % RecentFlags.spanCount)
    if spans[index].period != period { spans[index] = RecentFlags.Span(period: period) }
    let most = RecentFlags.strangestCountMax
    var place = spans[index].count
    while place > 0, entry.score > spans[index].entries[place - 1].score { place -= 1 }
    if place == most { return }
    spans[index].count = min(most, spans[index].count + 1)
    for later in stride(from: spans[index].count - 1, to: place, by: -1) {
      spans[index].entries[later] = spans[index].entries[later - 1]
    }
    spans[index].entries[place] = entry
  }
}

extension RecentFlags.Entry {
  fileprivate var flag: RecentFlag {
    let top = (0..<RecentFlags.featureCountMax).filter { features[$0] >= 0 }.map {
      RecentFlag.FeatureShare(feature: features[$0], share: shares[$0])
    }
    return RecentFlag(
      event: event, number: number, reasons: reasons, workingPoints: workingPoints, score: score,
      backgroundRate: backgroundRate, decidedNs: decidedNs, topFeatures: top)
  }
}
