import Foundation
import TestSupport
import Testing

/// What `tamis replay` and `tamis record` say of what they did, and of what they could not do.
@Suite(.serialized) struct ReplayTests {
  private func oddStream(_ arguments: String...) throws {
    try Launched(
      Programs.python, ["\(Programs.root)/Tests/SystemTests/Peers/odd_stream.py"] + arguments
    ).expectExit()
  }

  @Test(arguments: [SIGINT, SIGTERM])
  func anInterruptedReplaySaysWhatItHandedOver(signal: Int32) throws {
    let trained = try TrainedFixture.shared.get()
    let daemon = try Daemon(trained)
    let replay = try Programs.tamis(
      "replay", trained.background, "--connect", daemon.input, "--pace", "1000", "--batch", "1")
    try daemon.waitForEvents(100)
    replay.signal(signal)
    #expect(try replay.wait() == 1)
    #expect(replay.output.contains("records: ") && replay.output.contains("of: 20002"))
    #expect(replay.errors.contains("interrupted"))
  }

  @Test func aReceiverThatGoesIsSaid() throws {
    let trained = try TrainedFixture.shared.get()
    let daemon = try Daemon(trained)
    let replay = try Programs.tamis(
      "replay", trained.background, "--connect", daemon.input, "--pace", "2000/s", "--batch", "1",
      "--wait", "5")
    try daemon.waitForEvents(100)
    daemon.program.signal(SIGKILL)
    #expect(try replay.wait() == 1)
    #expect(replay.output.contains("records: ") && replay.errors.contains("nobody read"))
  }

  @Test func aHostThatIsNotKnownIsSaid() throws {
    let trained = try TrainedFixture.shared.get()
    let replay = try Programs.tamis(
      "replay", trained.anomalies, "--connect", "tcp://no-such-host.invalid:5555", "--wait", "1")
    #expect(try replay.wait() == 1)
    #expect(replay.errors.contains("the host no-such-host.invalid is not known"))
    #expect(replay.output.contains("records: 0"))
  }

  @Test func aPublisherWaitsForAsManySubscribersAsAsked() throws {
    let trained = try TrainedFixture.shared.get()
    let folder = TemporaryFolder()
    let address = "ipc://\(folder("replay.ipc"))"
    let replay = try Programs.tamis(
      "replay", trained.anomalies, "--bind", address, "--pattern", "pub", "--subscribers", "2")
    let recorders = try (0..<2).map { index in
      usleep(200_000)  // the second one later than the first
      return try Programs.tamis(
        "record", "--connect", address, "--out", folder("recorded\(index)"))
    }
    try replay.expectExit()
    for recorder in recorders {
      #expect(try recorder.expectExit().contains("events: 2000"))
      #expect(recorder.output.contains("lost: 0"))
    }
  }

  @Test func gapsThatRecordsAskForAreCutAndSaid() throws {
    let folder = TemporaryFolder()
    let segment = folder("000001.events")
    try oddStream("times", segment)
    let daemon = try Daemon(try TrainedFixture.shared.get())
    let replay = try Programs.tamis(
      "replay", segment, "--connect", daemon.input, "--pace", "original", "--gap-max", "0.01",
      "--batch", "1", "--json")
    let said = try replay.expectExit()
    #expect(said.contains("\"gaps_cut\": 3"))
    #expect(replay.errors.contains("3 h 00 min after the one before it"))
  }

  @Test(arguments: [
    ["--as-run", "4294967295", "--loop", "2"], ["--pace", "x0"], ["--pace", "xnan"],
    ["--pace", "inf"], ["--gap-max", "-1"], ["--subscribers", "2"],
  ])
  func numbersThatDoNotGoAreRefused(options: [String]) throws {
    let trained = try TrainedFixture.shared.get()
    let replay = try Programs.tamis(
      all: ["replay", trained.anomalies, "--connect", "tcp://127.0.0.1:1", "--wait", "0"] + options)
    #expect(try [1, 2].contains(replay.wait()))
    #expect(!replay.errors.isEmpty && !replay.errors.contains("Fatal"))
  }

  /// A damaged first record of another number of features does not decide for all.
  @Test func aRecordingTakesTheFeaturesThatMostRecordsHave() throws {
    let folder = TemporaryFolder()
    let address = "ipc://\(folder("record.ipc"))"
    let recorder = try Programs.tamis(
      "record", "--bind", address, "--pattern", "pull", "--out", folder("recorded"))
    try oddStream("damaged-first", address)
    let said = try recorder.expectExit()
    #expect(said.contains("records: 92") && said.contains("lost: 10"))
    #expect(said.contains("refused: 1"))
    try Programs.tamis("inspect", folder("recorded")).expectExit()
  }

  @Test func aRecordingThatIsInterruptedIsWhole() throws {
    let trained = try TrainedFixture.shared.get()
    let folder = TemporaryFolder()
    let address = "ipc://\(folder("record.ipc"))"
    let recorder = try Programs.tamis(
      "record", "--bind", address, "--pattern", "pull", "--out", folder("recorded"))
    let replay = try Programs.tamis(
      "replay", trained.background, "--connect", address, "--pace", "2000", "--wait", "60")
    try waitUntil("something is recorded") {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: folder("recorded"))) ?? []
      return names.contains { name in
        let path = "\(folder("recorded"))/\(name)"
        let size = (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int
        return name.hasSuffix(".writing") && size ?? 0 > 0
      }
    }
    recorder.signal(SIGINT)
    let status = try recorder.wait()
    replay.signal(SIGTERM)
    #expect(status == 0 && recorder.output.contains("runs_not_ended: 1"))
    try Programs.tamis("inspect", folder("recorded")).expectExit()
  }
}
