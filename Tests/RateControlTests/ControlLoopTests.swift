import RateControl
import Testing

@Suite struct ControlLoopTests {
  private static func loop(
    target: RateTarget = .falsePositiveRate(0.05), holdEventCount: Int = 2_000
  ) -> ControlLoop {
    var settings = RateControlSettings()
    settings.windowEventCount = 1_000
    settings.holdEventCount = holdEventCount
    let controller = RateController(target: target, slope: 8, settings: settings)
    return ControlLoop(controllers: [nil, controller], settings: settings)
  }

  /// One window in which one event in ten fires; whether a factor has moved.
  private static func window(
    _ loop: inout ControlLoop, isFlooded: Bool = false, isDrifting: Bool = false,
    timeNs: (UInt64) -> UInt64 = { $0 * 1_000_000 }
  ) -> Bool {
    for event in 0..<1_000 as Range<UInt64> {
      let isOver = loop.note(fired: event % 10 == 0 ? 3 : 0, timeNs: timeNs(event))
      #expect(isOver == (event == 999))
    }
    return loop.close(timeNs: timeNs(999), isFlooded: isFlooded, isDrifting: isDrifting)
  }

  /// Times that do not ascend say nothing of a rate per event.
  @Test func timesHoldOnlyThePointsThatGoByThem() {
    var settings = RateControlSettings()
    settings.windowEventCount = 1_000
    let targets: [RateTarget] = [.falsePositiveRate(0.05), .perSecond(20)]
    var loop = ControlLoop(
      controllers: [nil] + targets.map { RateController(target: $0, slope: 8, settings: settings) },
      settings: settings)
    for event in 0..<1_000 { _ = loop.note(fired: event % 10 == 0 ? 7 : 0, timeNs: 5) }
    let hasMoved = loop.close(timeNs: 5, isFlooded: false, isDrifting: false)
    #expect(hasMoved)
    #expect(loop.factors[1] > 1 && loop.factors[2] == 1)
    #expect((0..<3).map { loop.hold(at: $0) } == [.none, .none, .time])
    for event in 0..<1_000 { _ = loop.note(fired: event % 10 == 0 ? 7 : 0, timeNs: 5) }
    let movesInAFlood = loop.close(timeNs: 6, isFlooded: true, isDrifting: false)
    #expect(!movesInAFlood)
    #expect((0..<3).map { loop.hold(at: $0) } == [.none, .flood, .flood])
  }

  @Test func movesOnlyWhatIsHeld() {
    var loop = Self.loop()
    #expect(Self.window(&loop))
    #expect(loop.factors[0] == 1 && loop.factors[1] > 1)
    #expect(loop.hold == .none)
  }

  @Test func staysInFloodsAndUnderDriftAndForAWhileAfter() {
    for (isFlooded, isDrifting, reason) in [
      (true, false, HoldReason.flood), (false, true, .drift), (true, true, .flood),
    ] {
      var loop = Self.loop()
      #expect(!Self.window(&loop, isFlooded: isFlooded, isDrifting: isDrifting))
      #expect(loop.hold == reason)
      for _ in 0..<2 {
        #expect(!Self.window(&loop))
        #expect(loop.hold == .settling)
      }
      #expect(Self.window(&loop))
      #expect(loop.hold == .none)
    }
  }

  @Test func staysAfterAReload() {
    var loop = Self.loop()
    loop.holdAfterReload()
    #expect(loop.hold == .reload)
    #expect(!Self.window(&loop) && loop.hold == .reload)
    #expect(!Self.window(&loop) && loop.hold == .reload)
    #expect(Self.window(&loop) && loop.hold == .none)
    var prompt = Self.loop(holdEventCount: 0)
    prompt.holdAfterReload()
    #expect(Self.window(&prompt))
  }

  /// 100 fired events in 0.999 s.
  @Test func measuresByTheEventsTimes() {
    var loop = Self.loop(target: .perSecond(50))
    #expect(Self.window(&loop) && loop.factors[1] > 1)
    var faster = Self.loop(target: .perSecond(200))
    #expect(Self.window(&faster) && faster.factors[1] < 1)
    for senseless: (UInt64) -> UInt64 in [
      { _ in 0 }, { _ in .max }, { .max - $0 }, { $0 * 10_000_000_000_000 },
    ] {
      var loop = Self.loop(target: .perSecond(50))
      #expect(!Self.window(&loop, timeNs: senseless))
      #expect(loop.hold == .time)
    }
  }
}
