internal import Monitoring
internal import Testing
internal import TriggerPipeline

/// Alive, and ready.
@Suite struct HealthTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var change: @Sendable (inout DaemonStatus) -> Void
    var health: [String] = []
    var readiness: [String]
  }

  static let cases: [Case] = [
    Case(testDescription: "sound", change: { _ in }, readiness: []),
    Case(
      testDescription: "idle for an hour, but its threads go round",
      change: {
        $0.ledger.lastEventNs = 1; $0.life.sinceProgressSeconds = 0.05
      }, readiness: []),
    Case(
      testDescription: "slow, but not yet stuck",
      change: { $0.life.sinceProgressSeconds = 10 }, readiness: []),
    Case(
      testDescription: "stuck", change: { $0.life.sinceProgressSeconds = 11.7 },
      health: ["no progress for 11 s"], readiness: ["no progress for 11 s"]),
    Case(
      testDescription: "stalled", change: { $0.life.stallReason = "no space left on device" },
      health: ["no space left on device"], readiness: ["no space left on device"]),
    Case(
      testDescription: "draining, whatever else",
      change: {
        $0.life.phase = .draining
        $0.life.sinceProgressSeconds = 60
      }, health: ["draining"], readiness: ["draining"]),
    Case(
      testDescription: "ended", change: { $0.life.phase = .ended }, health: ["ended"],
      readiness: ["ended"]),
    Case(
      testDescription: "connects, and nobody is there",
      change: {
        $0.connections = ConnectionFacts(sockets: [
          .init(name: "input", established: 0, accepted: 2, needsOne: true),
          .init(name: "output", established: 0, accepted: 2, needsOne: false),
        ])
      }, readiness: ["the input socket is connected to nobody"]),
    Case(
      testDescription: "connects, and somebody is",
      change: {
        $0.connections = ConnectionFacts(sockets: [
          .init(name: "input", established: 1, accepted: 2, needsOne: true)
        ])
      }, readiness: []),
    Case(
      testDescription: "a full disk that no write has met yet",
      change: { $0.journal.storage?.freeBytes = 0 }, readiness: ["the journal's disk is full"]),
  ]

  @Test(arguments: cases) func verdicts(example: Case) {
    var status = DaemonStatus.fixed
    example.change(&status)
    #expect(health(of: status) == Verdict(reasons: example.health))
    #expect(readiness(of: status) == Verdict(reasons: example.readiness))
  }

  @Test func verdictsAsReplies() {
    #expect(HTTPReply.verdict(Verdict(reasons: [])) == .text("ok\n"))
    #expect(
      HTTPReply.verdict(Verdict(reasons: ["one", "two"])) == .text("one\ntwo\n", status: 503))
  }
}
