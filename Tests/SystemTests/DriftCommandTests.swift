import Foundation
import TestSupport
import Testing

/// `tamis drift` over recordings and journals.
@Suite(.serialized) struct DriftCommandTests {
  @Test func backgroundOfTheSameKindIsNoAlarm() throws {
    let trained = try TrainedFixture.shared.get()
    let program = try Programs.tamis(
      "drift", "--model", trained.model, "--calibration", trained.calibration, "--input",
      trained.background)
    let text = try program.expectExit()
    #expect(text.contains("drift: none seen") && text.contains("events: 20000"))
    for check in ["score", "feature_mean", "feature_spread", "not_finite", "flagged_rate"] {
      #expect(text.contains("\(check): ok, "), "\(check)")
    }
    #expect(text.contains("score: ok, last window ") && !text.contains("raised by"))
    #expect(text.contains("loose: rate 0.0"))
  }

  @Test func shiftedBackgroundIsAnAlarmThatNamesTheFeature() throws {
    let trained = try TrainedFixture.shared.get()
    let folder = TemporaryFolder()
    try Programs.tamis(
      "simulate", "shifted", "--events", "4000", "--seed", "9", "--anomaly-scale", "0.2", "--out",
      folder("shifted.run")
    ).expectExit()
    let program = try Programs.tamis(
      "drift", "--model", trained.model, "--calibration", trained.calibration, "--input",
      folder("shifted.run"), "--json")
    #expect(try program.wait() == 1)
    let read = try #require(
      JSONSerialization.jsonObject(with: Data(program.output.utf8)) as? [String: Any])
    #expect(read["drift"] as? String == "alarm")
    let checks = try #require(read["checks"] as? [[String: Any]])
    let mean = try #require(checks.first { $0["check"] as? String == "feature_mean" })
    #expect(mean["verdict"] as? String == "ALARM" && mean["raised"] as? Bool == true)
    let subject = try #require(mean["subject"] as? String)
    // The shift is in features 0 to 19.
    #expect(subject < "feature_20")
    let statistic = try #require(mean["statistic"] as? Double)
    #expect(statistic > (mean["limit"] as? Double ?? .infinity))
    let raising = try #require(mean["raised_by"] as? [String: Any])
    #expect((raising["statistic"] as? Double ?? 0) > (raising["limit"] as? Double ?? .infinity))
    let changes = try #require(read["changes"] as? [[String: Any]])
    #expect((changes.first?["event"] as? Int ?? 0) <= 4_000)
  }

  /// Two quiet windows do not clear an alarm: it stands beside a last window within its limit, and the
  /// window that raised it is named.
  @Test func anAlarmOfAnEarlierWindowNamesThatWindow() throws {
    let trained = try TrainedFixture.shared.get()
    let folder = TemporaryFolder()
    for kind in ["shifted", "background"] {
      try Programs.tamis(
        "simulate", kind, "--events", "4000", "--seed", "9", "--anomaly-scale", "0.2", "--out",
        folder("\(kind).run")
      ).expectExit()
    }
    let program = try Programs.tamis(
      "drift", "--model", trained.model, "--calibration", trained.calibration, "--input",
      folder("shifted.run"), folder("background.run"))
    #expect(try program.wait() == 1)
    #expect(
      program.output.contains("feature_mean: ALARM, raised by a window of 2000 events, "),
      "\(program.output)")
  }

  @Test func theUnbiasedSampleOfAJournalIsTaken() throws {
    let trained = try TrainedFixture.shared.get()
    let folder = TemporaryFolder()
    func flag(_ name: String, prescale: String) throws -> String {
      try Programs.tamis(
        "score", "--model", trained.model, "--calibration", trained.calibration, "--input",
        trained.background, "--flagged", folder(name), "--unbiased-prescale", prescale
      ).expectExit()
      return folder(name)
    }
    let text = try Programs.tamis(
      "drift", "--model", trained.model, "--calibration", trained.calibration, "--input",
      try flag("sampled.flagged", prescale: "4"), "--window", "1000"
    ).expectExit()
    let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("events: ") })
    #expect((4_500...5_500).contains(Int(line.dropFirst("events: ".count)) ?? 0))
    let without = try Programs.tamis(
      "drift", "--model", trained.model, "--calibration", trained.calibration, "--input",
      try flag("unsampled.flagged", prescale: "0"))
    #expect(try without.wait() == 1)
    #expect(without.errors.contains("unbiased.prescale"))
  }

  @Test(arguments: [
    ["--window", "99"], ["--rate-window", "10"], ["--false-alarm-probability", "0"],
    ["--ignore", "rate"],
  ])
  func wrongUsage(options: [String]) throws {
    let program = try Programs.tamis(
      all: ["drift", "--model", "m", "--calibration", "c", "--input", "i"] + options)
    #expect(try program.wait() == 2)
    #expect(!program.errors.isEmpty)
  }
}
