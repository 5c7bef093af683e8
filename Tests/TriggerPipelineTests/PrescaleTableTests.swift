internal import Calibration
internal import DurableFiles
internal import EventRecords
internal import StrictJSON
internal import Testing
internal import TriggerPipeline

@Suite struct PrescaleTableTests {
  private func table(
    by axis: PrescaleSchedule.Axis = .section, _ starts: [UInt64], points: Int = 2
  ) -> PrescaleTable {
    let count = (starts.count + 1) * points
    return PrescaleTable(
      axis: axis, starts: starts, pointCount: points, prescales: (0..<count).map { UInt32($0 + 1) })
  }

  @Test func aRowHoldsFromItsStartToTheNext() {
    let table = table([1, 5, 6, UInt64(UInt32.max)])
    for (section, row): (UInt32, Int) in [
      (0, 0), (1, 1), (4, 1), (5, 2), (6, 3), (7, 3), (.max - 1, 3), (.max, 4),
    ] {
      #expect(table.row(section: section, timeNs: 0) == row)
      #expect(table.row(section: section, timeNs: .max) == row)
    }
    #expect(self.table([0]).row(section: 0, timeNs: 0) == 1)
    let times = self.table(by: .time, [1_000, .max])
    #expect(times.row(section: .max, timeNs: 999) == 0)
    #expect(times.row(section: 0, timeNs: 1_000) == 1)
    #expect(times.row(section: 0, timeNs: .max) == 2)
  }

  @Test func aLineReadsBackAndStatesItsIdentity() throws {
    for points in [1, 16] {
      for starts: [UInt64] in [[0], [3, 9, .max], (0..<256).map { UInt64($0 * 7) }] {
        let table = table(by: .time, starts, points: points)
        let lines = JSONLines(Array((table.json + "\n").utf8), name: "decisions.jsonl")
        let place = try #require(lines.places.first)
        let read = try #require(try PrescaleTable(place))
        #expect(read == table)
        #expect(read.identity.count == 16)
      }
    }
    #expect(table([1]).identity != table(by: .time, [1]).identity)
    #expect(table([1]).identity != table([2]).identity)
  }

  @Test(arguments: [
    ("\"by\": \"section\"", "\"by\": \"lumi\""), ("\"from\": 5", "\"from\": 3"),
    ("\"from\": 5", "\"from\": 6"), ("[5, 6]", "[5]"), ("[5, 6]", "[5, -6]"),
    ("[1, 2]", "[]"),
  ])
  func alteredLinesAreRefused(found: String, instead: String) throws {
    let json = table([3, 5]).json
    let altered = json.replacing(found, with: instead)
    #expect(altered != json)
    let lines = JSONLines(Array((altered + "\n").utf8), name: "decisions.jsonl")
    let place = try #require(lines.places.first)
    #expect(throws: FileFault.self) { try PrescaleTable(place) }
  }

  /// Of 20,000 events with each prescale of a row, those that its rule keeps are those of a rule whose
  /// working points have that prescale; 0 keeps none, also in a flood.
  @Test func eachRowDecidesAsItsPrescalesDo() {
    let rows: [UInt32] = [3, 1, 0, 1, 50, 7, 0, 0]
    let table = PrescaleTable(axis: .section, starts: [10, 20, 30], pointCount: 2, prescales: rows)
    let routes = [
      DecisionRule.Route(threshold: 1, prescale: 3), DecisionRule.Route(threshold: 2, prescale: 1),
    ]
    let rule = DecisionRule(routes: routes, prescales: table, unbiasedPrescale: 9)
    for row in 0...3 {
      let own = zip(routes, rows[(row * 2)..<(row * 2 + 2)]).map {
        // Nothing is above an infinite threshold.
        DecisionRule.Route(threshold: $1 == 0 ? .infinity : $0.threshold, prescale: max(1, $1))
      }
      let plain = DecisionRule(routes: own, unbiasedPrescale: 9)
      for event in UInt64(0)..<5_000 {
        let hash = PrescaleHash(run: 1, source: 2, sequence: event, event: event)
        for score: Float in [0, 1.5, 2.5, .nan] {
          for flood: UInt32 in [1, 4] {
            #expect(
              rule.decide(
                score: score, condition: .nan, hash: hash, floodPrescale: flood, prescaleRow: row)
                == plain.decide(
                  score: score, condition: .nan, hash: hash, floodPrescale: flood))
          }
        }
      }
    }
  }

  /// Rows that were not entered yet are entered at once; one that comes again waits a second.
  @Test func theLogIsBoundedHoweverOftenRowsChange() {
    var log = PrescaleRowLog()
    var entered = 0
    for step in UInt64(0)..<100_000 where log.note(Int(step % 3), nowNs: step * 1_000) {
      entered += 1
    }
    #expect((2...5).contains(entered))
  }
}
