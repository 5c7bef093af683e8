/// The end of the scores at which a working point looks for events.
///
/// Public, as are `ConditionBins` and `ScoreHistogram`: other modules call these for every event,
/// and the compiler inlines such a call, and the comparison of two sides, across modules for public
/// types alone.
public enum ScoreSide: String, Hashable, Sendable, CaseIterable {
  /// Events with a score above the threshold fire: they are strange.
  case high
  /// Events with a score below the threshold fire: they are quiet.
  case low

  /// Whether an event with this score fires. NaN never does, and a score at the threshold does not.
  @inlinable
  public func fires(score: Float, threshold: Float) -> Bool {
    self == .high ? score > threshold : score < threshold
  }

  /// The sign of the condition, as texts write it.
  public var comparison: String { self == .high ? ">" : "<" }
}
