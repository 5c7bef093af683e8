/// Thresholds by the condition of an event (pile-up, pressure): split conformal prediction by group
/// (V. Vovk, "Conditional validity of inductive conformal predictors", 2012). In every bin, the
/// expected rate of a working point is at or below its target.
public struct ConditionBins: Equatable, Sendable {
  /// The threshold of a working point in a bin.
  public struct Threshold: Equatable, Sendable {
    /// Finite. Events of the bin with a greater score fire.
    public var threshold: Float
    /// The threshold is the `rank`-th smallest score of the bin's background events.
    public var rank: Int
    /// The interval of the true rate in the bin, at the calibration's confidence.
    public var fprInterval: ClosedRange<Double>

    /// Creates a threshold.
    public init(threshold: Float, rank: Int, fprInterval: ClosedRange<Double>) {
      precondition(threshold.isFinite)
      self.threshold = threshold
      self.rank = rank
      self.fprInterval = fprInterval
    }
  }

  /// The most bins.
  public static let countMax = 64

  /// Finite, ascending, all different. An event belongs to the bin of the number of edges that are
  /// at or below its condition. Infinite conditions belong to the outer bins.
  public let edges: [Float]
  /// Scored background events by bin; one more than edges.
  public let eventCounts: [Int]
  /// Scored background events whose condition is NaN.
  public let unknownCount: Int
  /// One array a working point, one threshold a bin.
  public let thresholds: [[Threshold]]
  /// For events whose condition is NaN, one a working point; nil where the calibration had too few.
  /// The highest threshold of all bins then holds for them.
  public let unknown: [Threshold]?

  /// Creates bins; traps for counts that differ.
  public init(
    edges: [Float], eventCounts: [Int], unknownCount: Int, thresholds: [[Threshold]],
    unknown: [Threshold]?
  ) {
    precondition(!edges.isEmpty && edges.count < Self.countMax)
    precondition(zip(edges, edges.dropFirst()).allSatisfy { $0 < $1 })
    precondition(eventCounts.count == edges.count + 1)
    precondition(thresholds.allSatisfy { $0.count == eventCounts.count })
    precondition(unknown == nil || unknown?.count == thresholds.count)
    self.edges = edges
    self.eventCounts = eventCounts
    self.unknownCount = unknownCount
    self.thresholds = thresholds
    self.unknown = unknown
  }

  /// The bin of a condition by `edges`; `edges.count + 1`, one past the last bin, for NaN.
  /// O(edges).
  @inlinable
  public static func bin(of condition: Float, edges: [Float]) -> Int {
    if condition != condition { return edges.count + 1 }
    var bin = 0
    for edge in edges where condition >= edge { bin += 1 }
    return bin
  }

  /// The threshold of working point `point` in every bin, and last for events without a condition.
  public func row(ofPoint point: Int) -> [Float] {
    let bins = thresholds[point].map(\.threshold)
    return bins + [unknown?[point].threshold ?? bins.reduce(-.infinity, max)]
  }

  /// How many background scores of all bins lie at or above the bins' thresholds, by rank. Drift
  /// compares the rate of the whole stream with it.
  public func exceedanceCount(ofPoint point: Int) -> Int {
    let bins = zip(eventCounts, thresholds[point]).reduce(0) { $0 + $1.0 + 1 - $1.1.rank }
    guard let unknown else { return bins }
    return bins + unknownCount + 1 - unknown[point].rank
  }
}
