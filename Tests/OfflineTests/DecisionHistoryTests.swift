import Foundation
import Offline
import Testing
import TriggerPipeline

@Suite struct DecisionHistoryTests {
  private static func event(_ sequence: UInt64) -> EventIdentity {
    EventIdentity(run: 1, source: 2, sequence: sequence, event: sequence - 1)
  }

  private static func change(
    _ place: DecisionChange.Place, number: UInt64 = 1, calibration: String = "a", flood: UInt32 = 1
  ) -> DecisionChange {
    DecisionChange(
      place: place, number: number, model: "m", calibration: calibration, floodPrescale: flood,
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
  }

  /// A run that is sent again has the same events again: the numbers tell which take a change is in.
  @Test func aChangeOfTheSecondTakeDoesNotHoldForTheFirst() {
    var history = DecisionHistory([
      Self.change(.before(Self.event(1)), number: 1),
      Self.change(.after(Self.event(3)), number: 9, flood: 2),
      Self.change(.before(Self.event(1)), number: 11, calibration: "b"),
      Self.change(.before(Self.event(2)), number: 12, calibration: "c"),
    ])
    // Event 2 is kept in each take, event 4 in the first: these have the numbers 8, 10 and 12.
    let numbers: [UInt64] = [8, 8, 10, 10, 12, 12, .max, .max]
    let deciders = zip([1, 2, 3, 4, 1, 2, 3, 4], numbers).map {
      history.decider(of: Self.event($0), upTo: $1)
    }
    #expect(deciders.map { $0?.calibration } == ["a", "a", "a", "a", "b", "c", "c", "c"])
    #expect(deciders.map { $0?.floodPrescale } == [1, 1, 1, 2, 1, 1, 1, 1])
  }

  /// A change at an event of a run that is not asked for is passed where the numbers allow it.
  @Test func aChangeInAnotherRunIsPassed() {
    let elsewhere = EventIdentity(run: 9, source: 2, sequence: 1, event: 0)
    var history = DecisionHistory([
      Self.change(.before(elsewhere), number: 1),
      Self.change(.before(elsewhere), number: 5, calibration: "b"),
    ])
    let deciders = zip([1, 2, 3], [3, 6, 6] as [UInt64]).map {
      history.decider(of: Self.event($0), upTo: $1) { $0.run == 1 }
    }
    #expect(deciders.map { $0?.calibration } == ["a", "b", "b"])
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
