internal import BoundedNumbers

/// Which sequences of one source in one run were seen: the account of losses.
///
/// Seen sequences are kept as ranges, at most `rangeCountMax` of them. Where one more would be
/// needed the oldest range is closed: sequences that are missing before its end are then lost for
/// good. Sequences count from 1: those before the first record seen are missing, too.
///
/// Always: `highest == received + lost`.
public struct SequenceTracker: Sendable {
  /// How many ranges are told apart.
  public static let rangeCountMax = 64

  /// What the sequence of a record means.
  public enum Outcome: Equatable, Sendable {
    /// A new highest sequence; `gapOpened` sequences were skipped.
    case fresh(gapOpened: UInt64)
    /// It fills a part of a gap: a record that counted as lost was late.
    case late
    /// Seen before, or too old to be told apart (also 0, which no sender may use).
    case repeated
  }

  private struct SeenRange: BitwiseCopyable {
    var first: UInt64
    var last: UInt64
  }

  /// Ascending, none touching the next; the first `rangeCount` count.
  private var ranges = InlineArray<64, SeenRange>(repeating: SeenRange(first: 0, last: 0))
  private var rangeCount = 0
  /// Sequences up to here are no longer told apart.
  private var closedThrough: UInt64 = 0

  /// Distinct sequences seen.
  public private(set) var received: UInt64 = 0
  /// The highest one seen; 0 before the first.
  public private(set) var highest: UInt64 = 0
  /// Records that filled a gap.
  public private(set) var late: UInt64 = 0
  /// Records that were seen before.
  public private(set) var repeated: UInt64 = 0
  /// Sequences below the highest that were not seen, up to now.
  public var lost: UInt64 { highest - received }

  /// An account without entries.
  public init() {}

  /// Enters a record. Allocates nothing; O(1) in order, O(`rangeCountMax`) at gaps.
  public mutating func note(_ sequence: UInt64) -> Outcome {
    if sequence > highest { return noteFresh(sequence) }
    if sequence <= closedThrough {
      repeated +|= 1
      return .repeated
    }
    return noteOld(sequence)
  }

  /// Enters `count` records with the sequences `first`, `first` + 1 and so on. The result is that of
  /// `note` for each of them; O(1) where they go on from the highest one.
  package mutating func note(_ first: UInt64, count: UInt64) {
    guard count > 0 else { return }
    if rangeCount > 0, first > highest, first - highest == 1, count - 1 <= .max - first {
      let last = first + (count - 1)
      ranges[rangeCount - 1].last = last
      highest = last
      received += count
      return
    }
    for offset in 0..<count { _ = note(first &+ offset) }
  }

  private mutating func noteFresh(_ sequence: UInt64) -> Outcome {
    let gap = sequence - highest - 1
    if gap == 0, rangeCount > 0 {
      ranges[rangeCount - 1].last = sequence
    } else {
      insert(SeenRange(first: sequence, last: sequence), at: rangeCount)
    }
    highest = sequence
    received += 1
    return .fresh(gapOpened: gap)
  }

  /// A sequence between `closedThrough` and `highest`.
  private mutating func noteOld(_ sequence: UInt64) -> Outcome {
    // The range that it belongs to, or that follows it. There is one: the last ends at `highest`.
    var next = 0
    while ranges[next].last < sequence { next += 1 }
    if ranges[next].first <= sequence {
      repeated +|= 1
      return .repeated
    }
    received += 1
    late +|= 1
    let touchesNext = ranges[next].first - sequence == 1
    let touchesPrevious = next > 0 && sequence - ranges[next - 1].last == 1
    switch (touchesPrevious, touchesNext) {
    case (true, true):
      ranges[next].first = ranges[next - 1].first
      remove(at: next - 1)
    case (true, false): ranges[next - 1].last = sequence
    case (false, true): ranges[next].first = sequence
    case (false, false): insert(SeenRange(first: sequence, last: sequence), at: next)
    }
    return .late
  }

  private mutating func insert(_ range: SeenRange, at index: Int) {
    var index = index
    if rangeCount == Self.rangeCountMax {
      // The oldest is closed, the new one perhaps itself.
      if index == 0 {
        closedThrough = range.last
        return
      }
      closedThrough = ranges[0].last
      remove(at: 0)
      index -= 1
    }
    var position = rangeCount
    while position > index {
      ranges[position] = ranges[position - 1]
      position -= 1
    }
    ranges[index] = range
    rangeCount += 1
  }

  private mutating func remove(at index: Int) {
    rangeCount -= 1
    for position in index..<rangeCount { ranges[position] = ranges[position + 1] }
  }
}

extension SequenceTracker {
  /// Adds the account of another receiver of the same source and run, such as of a second daemon
  /// behind one PUSH socket.
  ///
  /// A sequence that both saw counts once, and as repeated. Of sequences that either has closed
  /// this cannot be told: they are taken to be different, as they are where each message went to
  /// one receiver.
  public mutating func merge(_ other: SequenceTracker) {
    let both = overlap(with: other)
    var merged = SequenceTracker()
    merged.closedThrough = max(closedThrough, other.closedThrough)
    merged.highest = max(highest, other.highest)
    merged.late = late +| other.late
    merged.repeated = repeated +| other.repeated +| both
    var (mine, theirs) = (0, 0)
    while mine < rangeCount || theirs < other.rangeCount {
      let takesMine =
        theirs == other.rangeCount
        || mine < rangeCount && ranges[mine].first <= other.ranges[theirs].first
      merged.appendMerging(takesMine ? ranges[mine] : other.ranges[theirs])
      if takesMine { mine += 1 } else { theirs += 1 }
    }
    // Senders that repeat closed sequences could make the sum too large; losses are never negative.
    let sum = UInt128(received) + UInt128(other.received) - UInt128(both)
    merged.received = UInt64(clamping: min(max(sum, merged.toldApart), merged.receivedMax))
    self = merged
  }

  /// Sequences in the ranges: the least number that was received.
  private var toldApart: UInt128 {
    (0..<rangeCount).reduce(0) { $0 + UInt128(ranges[$1].last - ranges[$1].first) + 1 }
  }

  /// With all of those that are no longer told apart.
  private var receivedMax: UInt128 { toldApart + UInt128(closedThrough) }

  /// Whether the counts are possible with these ranges: then no count can outgrow another.
  private var isSound: Bool {
    received <= highest && closedThrough <= highest
      && (toldApart...receivedMax).contains(UInt128(received))
  }

  /// Adds a range whose first is not below that of any before.
  private mutating func appendMerging(_ range: SeenRange) {
    guard range.last > closedThrough else { return }
    let first = max(range.first, closedThrough + 1)
    if rangeCount > 0, first - 1 <= ranges[rangeCount - 1].last {
      ranges[rangeCount - 1].last = max(ranges[rangeCount - 1].last, range.last)
    } else {
      insert(SeenRange(first: first, last: range.last), at: rangeCount)
    }
  }

  /// How many sequences lie in ranges of both.
  private func overlap(with other: SequenceTracker) -> UInt64 {
    var count: UInt64 = 0
    var (mine, theirs) = (0, 0)
    while mine < rangeCount, theirs < other.rangeCount {
      let (a, b) = (ranges[mine], other.ranges[theirs])
      let (first, last) = (max(a.first, b.first), min(a.last, b.last))
      if first <= last { count += last - first + 1 }
      if a.last < b.last { mine += 1 } else { theirs += 1 }
    }
    return count
  }
}

// MARK: - Beyond the process

extension SequenceTracker {
  /// The ranges of sequences that were seen, ascending; what lies before `closedThrough` is left out
  /// where it can no longer be told.
  public var seenRanges: [ClosedRange<UInt64>] {
    (0..<rangeCount).map { ranges[$0].first...ranges[$0].last }
  }

  /// The highest sequence of those that are no longer told apart; 0 where all are.
  public var closedSequence: UInt64 { closedThrough }

  /// Words of a saved account.
  public static let wordCount = 6 + 2 * rangeCountMax

  /// Writes the account to `words`, of which there are `wordCount`. Allocates nothing; O(ranges).
  public func save(to words: UnsafeMutablePointer<UInt64>) {
    (words[0], words[1], words[2], words[3]) = (received, highest, late, repeated)
    (words[4], words[5]) = (closedThrough, UInt64(rangeCount))
    for index in 0..<rangeCount {
      words[6 + 2 * index] = ranges[index].first
      words[7 + 2 * index] = ranges[index].last
    }
  }

  /// Reads what `save` wrote; nil where the words are no account.
  public init?(savedAt words: UnsafePointer<UInt64>) {
    self.init()
    guard words[5] <= UInt64(Self.rangeCountMax) else { return nil }
    (received, highest, late, repeated) = (words[0], words[1], words[2], words[3])
    closedThrough = words[4]
    rangeCount = Int(words[5])
    var previous = closedThrough
    for index in 0..<rangeCount {
      let range = SeenRange(first: words[6 + 2 * index], last: words[7 + 2 * index])
      guard range.first > previous, range.last >= range.first else { return nil }
      ranges[index] = range
      previous = range.last
    }
    guard rangeCount == 0 ? highest == 0 : previous == highest, isSound else { return nil }
  }

  /// An account of ranges as `seenRanges` gives them, with what is known of those that are closed:
  /// nil where they do not ascend. `received` counts sequences up to `closedThrough` too.
  public init?(
    seenRanges: [ClosedRange<UInt64>], closedThrough: UInt64, received: UInt64
  ) {
    self.init()
    self.closedThrough = closedThrough
    var previous = closedThrough
    for range in seenRanges {
      guard range.lowerBound > previous else { return nil }
      insert(SeenRange(first: range.lowerBound, last: range.upperBound), at: rangeCount)
      previous = range.upperBound
    }
    highest = previous
    self.received = received
    guard isSound else { return nil }
  }
}
