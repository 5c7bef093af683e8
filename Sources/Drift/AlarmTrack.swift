/// The verdict of a window on one kind of drift.
package struct Verdict: Equatable {
  /// Of the subject that deviates most, in standard deviations of a normal variable, two-sided.
  package var statistic: Double
  package var subject: String?
  package var direction: DriftCheck.Direction?
  package var finding: String

  package init(
    statistic: Double, subject: String?, direction: DriftCheck.Direction?, finding: String
  ) {
    self.statistic = statistic
    self.subject = subject
    self.direction = direction
    self.finding = finding
  }
}

/// A verdict with the limit that it is compared with.
package struct Judgement: Equatable {
  package var verdict: Verdict
  package var limit: Double
  package var quietLimit: Double
  package var eventCount: Int
}

extension Sequence<Judgement> {
  /// The one furthest above its limit, or nearest to it.
  var foremost: Judgement? {
    self.max { $0.verdict.statistic / $0.limit < $1.verdict.statistic / $1.limit }
  }
}

/// One check over windows of one length: its alarm, with hysteresis.
struct AlarmTrack: Equatable {
  /// Whether the alarm is up.
  private(set) var isRaised = false
  /// The judgement of the last window.
  private(set) var last: Judgement?
  /// While the alarm is up, the last judgement above its limit: the alarm is about that window, also
  /// when later ones are within their limits.
  private(set) var raising: Judgement?
  private var quietCount = 0
  /// Whether a shorter window raised the alarm within the window that is filling. That window is then
  /// not judged: the shorter ones, which are quiet sooner, clear the alarm.
  fileprivate var isTainted = false

  /// Takes a window's judgement into account.
  mutating func take(_ judgement: Judgement, quietWindowCount: Int) {
    last = judgement
    let statistic = judgement.verdict.statistic
    if statistic > judgement.limit {
      isRaised = true
      raising = judgement
      quietCount = 0
    } else if isRaised {
      quietCount = statistic <= judgement.quietLimit ? quietCount + 1 : 0
      if quietCount >= quietWindowCount {
        isRaised = false
        raising = nil
        quietCount = 0
      }
    }
  }
}

/// One kind of drift over windows of several lengths, and its part of the false alarms.
package struct AlarmFamily {
  let check: DriftCheck.Name
  /// Its share of all false alarms; the lengths have equal parts of it.
  let share: Double
  /// Comparisons in a window, such as features or working points. Each has an equal part (C.
  /// Bonferroni).
  let subjectCount: Int
  private(set) var tracks: [AlarmTrack]
  private(set) var windowCount: UInt64 = 0

  /// A window is quiet when its statistic is below the limit for this many times the alarm's
  /// probability.
  private static let quietFactor = 100.0
  private static let quietProbabilityMax = 0.05

  package init(_ check: DriftCheck.Name, share: Double, subjectCount: Int, lengthCount: Int) {
    self.check = check
    self.share = share
    self.subjectCount = subjectCount
    tracks = [AlarmTrack](repeating: AlarmTrack(), count: lengthCount)
  }

  package var isRaised: Bool { tracks.contains { $0.isRaised } }

  /// The judgement nearest to its limit, or furthest above it, of the last windows.
  package var foremost: Judgement? {
    let raised = tracks.filter { $0.isRaised }
    return (raised.isEmpty ? tracks : raised).compactMap(\.last).foremost
  }

  /// The judgement furthest above its limit of the windows that keep the alarm up; nil without one.
  package var raising: Judgement? { tracks.compactMap(\.raising).foremost }

  /// Judges a window of length `level`.
  ///
  /// - Parameters:
  ///   - verdict: nil for a window that says nothing.
  ///   - probability: of a false alarm in the window, for all checks together.
  package mutating func judge(
    _ verdict: Verdict?, level: Int, eventCount: Int, probability: Double, quietWindowCount: Int
  ) {
    let isVoid = tracks[level].isTainted
    tracks[level].isTainted = tracks[..<level].contains { $0.isRaised }
    guard let verdict, !isVoid else { return }
    windowCount += 1
    let own = probability * share / Double(tracks.count)
    let quiet = min(own * Self.quietFactor, Self.quietProbabilityMax)
    tracks[level].take(
      Judgement(
        verdict: verdict,
        limit: significance(probability: own / Double(subjectCount)),
        quietLimit: significance(probability: quiet / Double(subjectCount)),
        eventCount: eventCount),
      quietWindowCount: quietWindowCount)
    if tracks[level].isRaised {
      for longer in tracks.indices where longer > level { tracks[longer].isTainted = true }
    }
  }
}
