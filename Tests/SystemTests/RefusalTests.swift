import Foundation
import Testing

/// Bad input is refused under its own reason, and nothing else is lost.
@Suite(.serialized) struct RefusalTests {
  @Test func eachFaultIsCountedUnderItsReason() throws {
    let trained = try TrainedFixture.shared.get()
    var choice = Daemon.Choice()
    choice.messageBytesMax = 100_000
    let daemon = try Daemon(trained, choice)
    let said = try Launched(
      Programs.python,
      [
        "\(Programs.root)/Tests/SystemTests/Peers/hostile.py", daemon.input,
        "\(try schema(of: trained))", "100000",
      ]
    ).expectExit()
    var expected: [String: Int] = [:]
    for line in said.split(separator: "\n") {
      let words = line.split(separator: " ")
      expected[String(words[0])] = Int(words[1])
    }
    let good = try #require(expected["good"])
    let lost = try #require(expected["lost"])
    expected["good"] = nil
    expected["lost"] = nil
    #expect(expected.count == 13)
    try daemon.waitForEvents(good + expected.values.reduce(0, +))
    for (reason, count) in expected {
      let found = daemon.metric("tamis_events_rejected_total{reason=\"\(reason)\"}")
      #expect(Int(found) == count, "\(reason)")
    }
    #expect(Int(daemon.metric("tamis_events_scored_total")) == good)
    #expect(Int(daemon.metric("tamis_events_lost_total")) == lost)
    let received = daemon.metric("tamis_events_received_total")
    #expect(Int(received) == good + expected.values.reduce(0, +))
    #expect(try daemon.stop() == 0)
  }

  @Test func mutatedMessagesNeverStopTheStream() throws {
    let trained = try TrainedFixture.shared.get()
    let daemon = try Daemon(trained)
    let said = try Launched(
      Programs.python,
      ["\(Programs.root)/Tests/SystemTests/Peers/mutate.py", daemon.input, "20000"]
    ).expectExit()
    let good = try #require(Int(said.trimmingCharacters(in: .whitespacesAndNewlines)))
    try waitUntil("the last good event is scored") {
      Int(daemon.metric("tamis_events_received_total{source=\"77\"}")) >= good
    }
    #expect(daemon.program.isRunning)
    #expect(Int(daemon.metric("tamis_events_received_total{source=\"77\"}")) == good)
    #expect(daemon.metric("tamis_ledger_faults_total") == 0)
    #expect(try daemon.stop() == 0)
  }

  private func schema(of trained: TrainedFixture) throws -> UInt32 {
    let text = try String(contentsOfFile: trained.calibration, encoding: .utf8)
    let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
    let digits = try #require(object?["schema"] as? String)
    return UInt32(try #require(UInt32(digits, radix: 16))).byteSwapped
  }
}
