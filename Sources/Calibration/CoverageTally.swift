/// Counts the events of fresh background whose background rate is at or below given rates.
package struct CoverageTally: Sendable {
  private let table: BackgroundRates
  /// The rates, each in (0, 1).
  private let rates: [Double]
  private var counts: [Int]
  /// Events that could be scored.
  package private(set) var eventCount = 0
  /// Events that could not.
  package private(set) var notScorableCount = 0
  /// Events whose rate comes from the fitted tail.
  package private(set) var beyondCount = 0

  /// No events yet.
  package init(table: BackgroundRates, rates: [Double]) {
    self.table = table
    self.rates = rates
    counts = rates.map { _ in 0 }
  }

  /// Adds scores.
  package mutating func add(_ scores: UnsafeBufferPointer<Float>) {
    for score in scores {
      let field = table.field(of: score)
      if field == 0 {
        notScorableCount += 1
        continue
      }
      eventCount += 1
      if field < 0 { beyondCount += 1 }
      // A rate of p exactly is at or below p also after its rounding to float32.
      for index in rates.indices where field.magnitude <= Float(rates[index]) { counts[index] += 1 }
    }
  }

  /// What was found at one rate.
  package struct Share: Equatable, Sendable {
    /// p.
    package var rate: Double
    /// The expected share: that of the table's next rank at or below p.
    package var expected: Double
    /// Events with a rate at or below p.
    package var count: Int
    /// Their share.
    package var found: Double
    /// Its exact interval.
    package var interval: ClosedRange<Double>
    /// The probability that chance alone, of the calibration and of these events, brings a count at
    /// least as far off: the exact law of two samples.
    package var chance: Double
  }

  /// The shares, in the order of the rates; at least one event was added.
  package func shares(confidence: Double) -> [Share] {
    rates.indices.map { index in
      let rank = table.entries.last { $0.rate <= Float(rates[index]) }?.rank
      let law = rank.map {
        ExceedanceLaw(
          oldCount: table.eventCount, rankFromTop: min($0, table.eventCount), newCount: eventCount)
      }
      return Share(
        rate: rates[index],
        expected: rank.map { Double($0) / (Double(table.eventCount) + 1) } ?? 0,
        count: counts[index], found: Double(counts[index]) / Double(eventCount),
        interval: clopperPearson(
          successes: counts[index], trials: eventCount, confidence: confidence),
        chance: law?.pValue(counts[index]) ?? 1)
    }
  }
}
