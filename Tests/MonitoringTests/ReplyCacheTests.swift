internal import Monitoring
internal import Synchronization
internal import Testing

/// How often a page is made, and how old it may be.
@Suite struct ReplyCacheTests {
  private final class Clock: Sendable {
    let ms = Atomic<UInt64>(1_000_000)
    let made = Atomic<UInt64>(0)

    func pages() -> ReplyCache {
      ReplyCache([
        "/": { .text("\(self.made.wrappingAdd(1, ordering: .relaxed).newValue)") },
        "/other": { .text("other") },
      ]) { self.ms.load(ordering: .relaxed) * 1_000_000 }
    }
  }

  private func number(_ reply: HTTPReply) -> UInt64 {
    UInt64(String(decoding: reply.body, as: UTF8.self)) ?? 0
  }

  @Test func whoAsksNowAndThenGetsWhatIsTrueNow() {
    let clock = Clock()
    let pages = clock.pages()
    for count in 1...1_000 as ClosedRange<UInt64> {
      #expect(number(pages.reply(to: "/")) == count)
      clock.ms.wrappingAdd(100, ordering: .relaxed)
    }
    for count in 1_001...1_020 as ClosedRange<UInt64> {
      #expect(number(pages.reply(to: "/")) == count)
    }
    #expect(number(pages.reply(to: "/")) == 1_020)
  }

  @Test(arguments: [0, 1, 7, 99] as [UInt64])
  func whoAsksWithoutEndGetsATenthOfASecondAgo(stepMs: UInt64) {
    let clock = Clock()
    let pages = clock.pages()
    var (last, lastMs, passed): (UInt64, UInt64, UInt64) = (0, 0, 0)
    for _ in 0..<5_000 {
      let reply = number(pages.reply(to: "/"))
      let nowMs = clock.ms.load(ordering: .relaxed)
      if reply != last { (last, lastMs) = (reply, nowMs) }
      #expect(nowMs - lastMs <= 100)
      clock.ms.wrappingAdd(stepMs, ordering: .relaxed)
      passed += stepMs
    }
    #expect(clock.made.load(ordering: .relaxed) <= 21 + passed / 100)
    #expect(String(decoding: pages.reply(to: "/other").body, as: UTF8.self) == "other")
  }

  @Test func aClockThatGoesBackKeepsThePage() {
    let clock = Clock()
    let pages = clock.pages()
    for _ in 0..<30 { _ = pages.reply(to: "/") }
    clock.ms.store(0, ordering: .relaxed)
    #expect(number(pages.reply(to: "/")) == 20)
  }
}
