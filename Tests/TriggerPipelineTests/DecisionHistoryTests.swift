import Foundation
import Testing
import TriggerPipeline

@Suite struct DecisionHistoryTests {
  private static func event(_ sequence: UInt64) -> EventIdentity {
    EventIdentity(run: 1, source: 2, sequence: sequence, event: sequence - 1)
  }

  private static func change(
    _ place: DecisionChange.Place, calibration: String = "a", flood: UInt32 = 1
  ) -> DecisionChange {
    DecisionChange(
      place: place, number: 1, model: "m", calibration: calibration, floodPrescale: flood,
      unbiasedPrescale: 50, timeNs: 7)
  }

  private static let changes = [
    change(.before(event(2))), change(.after(event(5)), flood: 2),
    change(.after(event(5)), flood: 4), change(.before(event(8)), calibration: "b", flood: 4),
    change(.after(event(8)), calibration: "b"),
  ]

  @Test func changesHoldFromTheirPlaceOn() {
    var history = DecisionHistory(Self.changes)
    let deciders = (1...10).map { history.decider(of: Self.event(UInt64($0))) }
    #expect(deciders.map { $0?.floodPrescale ?? 0 } == [0, 1, 1, 1, 1, 4, 4, 4, 1, 1])
    #expect(
      deciders.map { $0?.calibration ?? "" } == ["", "a", "a", "a", "a", "a", "a", "b", "b", "b"])
    #expect(!history.isUniform)
  }

  @Test func whatIsWrittenReadsBack() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    #expect(try DecisionHistory(journal: folder) == nil)
    let changes = Self.changes + [Self.change(.after(nil))]
    let text = changes.map { $0.json + "\n" }.joined() + #"{"before": {"run""#
    try text.write(toFile: "\(folder)/decisions.jsonl", atomically: true, encoding: .utf8)
    #expect(try DecisionHistory(journal: folder)?.changes == changes)
  }
}
