internal import Monitoring
internal import Synchronization
internal import Testing
internal import TriggerPipeline

/// Rates, realised rates since arming, and since when something is wrong.
@Suite struct StatusKeeperTests {
  /// A daemon whose status the test sets.
  private final class Script: Sendable {
    private let status = Mutex(DaemonStatus.fixed)

    /// Time goes on and things happen.
    func advance(seconds: Double, _ change: (inout DaemonStatus) -> Void = { _ in }) {
      status.withLock { status in
        status.takenNs += UInt64(seconds * 1e9)
        status.monotonicNs += UInt64(seconds * 1e9)
        status.ledger.lastEventNs = status.takenNs
        change(&status)
      }
    }

    var now: DaemonStatus { status.withLock { $0 } }
  }

  private let script = Script()
  private let keeper: StatusKeeper

  init() {
    let script = script
    script.advance(seconds: 0) { status in
      status.generation.number = 1
      for index in status.points.indices { status.points[index].fired = 0 }
      status.ledger.scored = 0
    }
    keeper = StatusKeeper { script.now }
  }

  @Test func firstStatusHasNoRates() {
    let status = keeper.status()
    #expect(status.now.seconds == 0)
    #expect(status.now.perSecond(7) == nil)
    #expect(status.history == [])
  }

  @Test func windowsHoldWhatCameWithinThem() {
    for second in 1...400 {
      script.advance(seconds: 1) { status in
        status.ledger.sources[1].received += second <= 380 ? 100 : 200
        status.ledger.inputBlockedNs += second > 395 ? 500_000_000 : 0
        status.points[0].flagged += 3
      }
      keeper.tick()
    }
    let status = keeper.status()
    #expect(status.now.seconds == 10)
    #expect(status.now.perSecond(status.now.received) == 200)
    #expect(status.now.deadTimeRatio == 0.25)
    #expect(status.recent.seconds == 300)
    #expect(status.recent.received == 280 * 100 + 20 * 200)
    #expect(status.recent.points[0].flagged == 900)
    #expect(status.history.count == 40)
    #expect(status.history.last?.receivedPerSecond == 200)
    #expect(status.history.last?.flaggedPerSecond[0] == 3)
    #expect(status.history.first?.receivedPerSecond == 100)
  }

  @Test func memoryIsBoundedAndReadersDoNotMatter() {
    for _ in 1...3_000 {
      script.advance(seconds: 0.5) { $0.ledger.sources[1].received += 50 }
      keeper.tick()
      _ = keeper.status()
    }
    let status = keeper.status()
    #expect(status.history.count == 90)
    #expect(status.history.allSatisfy { abs($0.receivedPerSecond - 100) < 1e-9 })
    #expect(status.now.received == 1_000)
  }

  /// A steady pace counts after five minutes; one large file of another program is no pace.
  @Test func aDiskIsFillingWhereItFillsAllTheTime() {
    func secondsOn(_ taken: (Int) -> UInt64) -> [Int] {
      let script = Script()
      let keeper = StatusKeeper { script.now }
      var seconds: [Int] = []
      for second in 1...600 {
        let bytes = taken(second)
        script.advance(seconds: 1) { status in status.journal.storage?.freeBytes -= bytes }
        let isOn = keeper.status().alarms.contains(where: {
          $0.condition.name == .journalDiskFilling
        })
        if isOn { seconds.append(second) }
      }
      return seconds
    }
    // 211 GB are full within a day at 2.44 MB/s.
    #expect(secondsOn { _ in 2_600_000 } == Array(300...600))
    #expect(secondsOn { _ in 2_300_000 } == [])
    #expect(secondsOn { (1...90).contains($0) ? 100_000_000 : 0 } == [])
    #expect(secondsOn { $0 == 400 ? 100_000_000_000 : 0 } == [])
  }

  @Test func gapsThatAreFilledAreNotLost() {
    script.advance(seconds: 1) { $0.ledger.sources[1].lost += 5 }
    #expect(keeper.status().recent.lost == 5)
    script.advance(seconds: 1) { $0.ledger.sources[1].late += 5 }
    #expect(keeper.status().recent.lost == 0)
  }

  @Test func realisedRateBeginsAnewWithANewGeneration() {
    script.advance(seconds: 1) { status in
      status.ledger.simulated = 0
      status.ledger.scored = 1_000
      status.points[0].fired = 10
      status.points[0].realised = RealisedRate(fired: 10, scored: 1_000, confidence: 0.9)
    }
    #expect(keeper.status().points[0].realised?.rate == 0.01)
    script.advance(seconds: 1) { $0.generation.number = 2 }
    #expect(keeper.status().points[0].realised?.scored == 0)
    #expect(keeper.status().points[0].realised?.rate == nil)
    script.advance(seconds: 1) { status in
      status.ledger.scored = 1_500
      status.points[0].fired = 12
      status.points[0].realised = RealisedRate(fired: 12, scored: 1_500, confidence: 0.9)
    }
    let realised = keeper.status().points[0].realised
    #expect(realised == RealisedRate(fired: 2, scored: 500, confidence: 0.9))
  }

  /// The test of a rate hears of every event once, and is told when the rate is back.
  @Test func aRateThatIsOffRaisesItsAlarmUntilItIsBack() throws {
    func pass(_ fired: UInt64) {
      script.advance(seconds: 1) { status in
        status.ledger.scored += 20_000
        status.points[0].fired += fired
        status.points[0].realised = RealisedRate(
          fired: status.points[0].fired, scored: status.ledger.scored, confidence: 0.9)
      }
      keeper.tick()
    }
    let target = try #require(script.now.points[0].inForce?.targetFPR)
    let expected = UInt64(20_000 * target)
    for _ in 0..<300 { pass(expected) }
    #expect(keeper.status().points[0].rateTest?.raised == nil)
    for _ in 0..<5 { pass(3 * expected) }
    let status = keeper.status()
    #expect(status.points[0].rateTest?.raised == "above")
    #expect(status.alarms.map(\.condition.name).contains(.flaggedRateOff))
    for _ in 0..<320 { pass(expected) }
    #expect(keeper.status().points[0].rateTest?.raised == nil)
  }

  @Test func alarmsKnowSinceWhen() throws {
    script.advance(seconds: 1) { $0.life.stallReason = "no space" }
    let began = script.now.takenNs
    keeper.tick()
    script.advance(seconds: 30)
    let status = keeper.status()
    #expect(status.state == .alarm)
    let alarm = try #require(status.alarms.first { $0.condition.name == .journalStalled })
    #expect(alarm.sinceNs == began)
    script.advance(seconds: 1) { $0.life.stallReason = nil }
    #expect(!keeper.status().alarms.contains { $0.condition.name == .journalStalled })
    script.advance(seconds: 1) { $0.life.stallReason = "no space again" }
    let again = try #require(keeper.status().alarms.first { $0.condition.name == .journalStalled })
    #expect(again.sinceNs == script.now.takenNs)
  }

  @Test func alarmsAreToldWhenTheyBeginGrowGraverAndEnd() {
    let script = script
    let told = Mutex<[String]>([])
    let keeper = StatusKeeper(
      snapshot: { script.now },
      listener: { change in
        told.withLock {
          $0.append("\(change.name) \(change.condition?.severity.rawValue ?? "over")")
        }
      })
    func lines() -> [String] {
      defer { told.withLock { $0 = [] } }
      return told.withLock { $0 }
    }
    script.advance(seconds: 20) { $0.drift?.checks[1].isAlarming = false }
    keeper.tick()
    _ = lines()
    // A warning that goes soon is not told; one that stays is, once.
    script.advance(seconds: 1) { $0.output.waiting = 2_000 }
    keeper.tick()
    script.advance(seconds: 5) { $0.output.waiting = 0 }
    keeper.tick()
    #expect(lines() == [])
    for _ in 1...12 {
      script.advance(seconds: 1) { $0.output.waiting = 2_000 }
      keeper.tick()
    }
    #expect(lines() == ["outputBacklog warning"])
    // A critical one is told at once, and each end.
    script.advance(seconds: 1) {
      $0.output.waiting = 0
      $0.life.stallReason = "no space left"
    }
    keeper.tick()
    #expect(lines().sorted() == ["journalStalled critical", "outputBacklog over"])
    script.advance(seconds: 1) { $0.life.stallReason = nil }
    keeper.tick()
    #expect(lines() == ["journalStalled over"])
    // What comes and goes is told once in a minute.
    for second in 1...40 {
      script.advance(seconds: 1) { $0.life.stallReason = second % 2 == 0 ? nil : "full" }
      keeper.tick()
    }
    #expect(lines() == [])
    script.advance(seconds: 30) { $0.life.stallReason = "full" }
    keeper.tick()
    #expect(lines() == ["journalStalled critical"])
    // The end of the daemon is no alarm.
    script.advance(seconds: 1) { $0.life.phase = .draining }
    keeper.tick()
    #expect(lines() == [])
  }
}
