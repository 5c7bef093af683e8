import Drift
import Testing

@Suite struct HysteresisTests {
  private func family(lengths: Int = 1) -> AlarmFamily {
    AlarmFamily(.score, share: 1, subjectCount: 1, lengthCount: lengths)
  }

  private func judge(_ family: inout AlarmFamily, _ statistic: Double, level: Int = 0) {
    family.judge(
      Verdict(statistic: statistic, subject: nil, direction: .up, finding: "x"), level: level,
      eventCount: 1, probability: 1e-5, quietWindowCount: 3)
  }

  /// The limit at 1e-5 is 4.42, the quiet one at 1e-3 is 3.29.
  @Test func anAlarmDoesNotFlap() {
    var family = family()
    judge(&family, 4.4)
    #expect(!family.isRaised)
    judge(&family, 4.5)
    #expect(family.isRaised)
    for _ in 0..<100 {
      for statistic in [3.3, 4.4, 3.2, 3.2, 3.4, 4.5] {
        judge(&family, statistic)
        #expect(family.isRaised)
      }
    }
    judge(&family, 3.2)
    judge(&family, 0)
    #expect(family.isRaised)
    judge(&family, 3.2)
    #expect(!family.isRaised)
    judge(&family, 4.4)
    #expect(!family.isRaised)
  }

  @Test func longerWindowsLeaveToShorterOnesWhatTheySaw() {
    var family = family(lengths: 2)
    judge(&family, 9, level: 0)
    for _ in 0..<3 { judge(&family, 0, level: 0) }
    #expect(!family.isRaised)
    // The long window that saw the same is void, the next one is not. Its probability is half.
    judge(&family, 9, level: 1)
    #expect(!family.isRaised)
    judge(&family, 9, level: 1)
    #expect(family.isRaised)
    for _ in 0..<2 { judge(&family, 0, level: 1) }
    for _ in 0..<9 { judge(&family, 0, level: 0) }
    #expect(family.isRaised, "the length that raised it must be quiet")
    judge(&family, 0, level: 1)
    #expect(!family.isRaised)
  }

  /// Windows after the one that raised an alarm may be within the limit while it is up.
  @Test func anAlarmKeepsTheWindowThatRaisedIt() {
    var family = family()
    judge(&family, 4)
    #expect(family.raising == nil)
    judge(&family, 6)
    judge(&family, 1)
    #expect(family.isRaised && family.foremost?.verdict.statistic == 1)
    #expect(family.raising?.verdict.statistic == 6)
    for _ in 0..<2 { judge(&family, 1) }
    #expect(!family.isRaised && family.raising == nil)
  }

  /// One evaluation may judge the window that raises an alarm and a quiet one behind it. The log tells of
  /// the first.
  @Test func theLogTellsOfTheWindowThatRaisedTheAlarm() throws {
    let monitor = DriftMonitor(
      calibration: try SyntheticBackground(seed: 1).calibration(eventCount: 50_000),
      featureNames: nil, featureCount: 64)
    func note(_ seed: UInt64, shift: Float) {
      SyntheticBackground(seed: seed).forEachEvent(
        0..<2_000, change: { _, features in features[3] -= shift },
        { score, features in monitor.noteSampled(score: score, features: features) })
    }
    note(2, shift: 1)
    note(3, shift: 0)
    let change = try #require(
      monitor.evaluate(atHours: 1).first { $0.check.name == .featureMean })
    let raising = try #require(change.check.raising)
    #expect(change.kind == .raised && raising.statistic > raising.limit)
    #expect((change.check.statistic ?? .infinity) < (change.check.limit ?? 0))
    #expect(change.check.statement == raising.finding && change.check.finding != raising.finding)
    #expect(change.text.contains(raising.finding) && change.text.contains(raising.numbers))
  }

  /// A shift for ten windows, then background again: one alarm, cleared in four windows.
  @Test(arguments: UInt64(1)...5)
  func theAlarmClearsAfterReturn(seed: UInt64) throws {
    let calibration = try SyntheticBackground(seed: seed).calibration(eventCount: 50_000)
    var stream = SampledStream(
      DriftMonitor(calibration: calibration, featureNames: nil, featureCount: 64))
    let shifted = 5_000..<25_000
    SyntheticBackground(seed: seed + 1_000).forEachEvent(
      0..<100_000,
      change: { event, features in
        if shifted.contains(event) { features[3] -= 0.5 }
      }, { stream.note($0, $1) })
    let own = stream.changes.filter { $0.change.check.name == .featureMean }
    #expect(own.map(\.change.kind) == [.raised, .cleared])
    #expect(own[0].event <= 8_000 && own[0].change.check.direction == .down)
    #expect(own[1].event <= 25_000 + 4 * 2_000)
    #expect(!stream.monitor.report[.featureMean].isRaised)
    #expect(stream.monitor.report[.featureMean].alarmCount == 1)
  }
}
