internal import DaemonConfiguration
internal import DurableFiles
internal import Testing
internal import TriggerPipeline

@Suite struct PrescaleTests {
  private static let head = """
    model: m
    calibration: c
    input: {bind: [tcp://127.0.0.1:1]}
    output: {bind: [tcp://127.0.0.1:2]}

    """

  private func read(_ text: String) throws(ConfigurationFaults) -> PrescaleSchedule {
    try DaemonConfiguration(yaml: Self.head + text, file: "t.yaml").prescales
  }

  private func faults(_ text: String) -> String {
    do {
      _ = try read(text)
      return "none"
    } catch {
      return error.description
    }
  }

  @Test func rowsAreRead() throws {
    let schedule = try read(
      """
      prescales:
        rows:
          - {from: 0, points: {tight: 1, 1e3: 4294967295}}
          - from: 4294967295
            points: {}
      """)
    #expect(
      schedule.rows == [
        .init(start: 0, prescales: ["tight": 1, "1e3": .max]),
        .init(start: 4_294_967_295, prescales: [:]),
      ])
    #expect(schedule.axis == .section && schedule.rows[0].place == "7:7")
    let times = try read(
      "prescales: {by: time, rows: [{from: 2026-11-27T20:00:00Z, points: {tight: 0}}]}")
    #expect(times.rows == [.init(start: 1_795_809_600_000_000_000, prescales: ["tight": 0])])
    #expect(try read("prescales: {rows: []}").rows.isEmpty)
  }

  @Test(arguments: [
    ("rows: {from: 1}", "t.yaml:5:19: prescales.rows: found a section, expected a list of rows"),
    ("rows: [1]", "found the number 1, expected a row with `from` and `points`"),
    ("rows: [{from: 1}]", "found a row without `points`"),
    ("rows: [{points: {}}]", "found a row without `from`"),
    ("rows: [{from: -1, points: {}}]", "found the number -1, expected a luminosity section"),
    ("rows: [{from: 1.5, points: {}}]", "expected a luminosity section"),
    ("rows: [{from: 4294967296, points: {}}]", "expected a luminosity section"),
    ("rows: [{from: 01, points: {}}]", "expected a luminosity section"),
    ("rows: [{from: 2026-11-27T20:00:00Z, points: {}}]", "for times write `by: time`"),
    ("by: time, rows: [{from: 5, points: {}}]", "expected a time in UTC"),
    ("by: time, rows: [{from: 2026-02-29T00:00:00Z, points: {}}]", "expected a time in UTC"),
    ("by: lumi, rows: []", "found `lumi`, expected section or time"),
    ("rows: [{from: 1, points: {}}, {from: 1, points: {}}]", "rows whose `from` ascends"),
    ("rows: [{from: 2, points: {}}, {from: 1, points: {}}]", "rows whose `from` ascends"),
    (
      "rows: [{from: 2, points: {}}, {from: 1, points: {}}]",
      "found a row from 1 after the row from 2, expected rows whose"
    ),
    ("rows: [{from: 1, points: {a: -1}}]", "found the number -1 for a, expected a prescale"),
    ("rows: [{from: 1, points: {a: x}}]", "found `x` for a, expected a prescale"),
    ("rows: [{from: 1, points: {a: 4294967296}}]", "expected a prescale"),
    ("rows: [{from: 1, points: {a: 1, a: 2}}]", "twice"),
    ("rows: [{from: 1, points: [a]}]", "found a list, expected prescales by working point"),
    ("rows: [{from: 1, points: {}, at: 3}]", "found the unknown key `at`, expected from or points"),
    ("rows: [{from: &x 1, points: {}}]", "found the anchor &x"),
  ])
  func badRowsAreRefusedWithTheirPlace(text: String, expected: String) {
    let found = faults("prescales: {\(text)}")
    #expect(found.contains("t.yaml:5:"), "\(found)")
    #expect(found.contains(expected), "\(found)")
  }

  @Test func tooManyRowsAreRefused() {
    let rows = (0...256).map { "{from: \($0), points: {}}" }.joined(separator: ", ")
    #expect(faults("prescales: {rows: [\(rows)]}").contains("found 257 rows, expected at most 256"))
  }

  /// Against the days of each month, over leap years and the ends.
  @Test func timesAreThoseOfTheCalendar() {
    var days: UInt64 = 0
    for year in 1970...2553 {
      for month in 1...12 {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let length = month == 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
        func text(_ day: Int) -> String {
          let (years, months) = ("000\(year)".suffix(4), "0\(month)".suffix(2))
          return "\(years)-\(months)-\("0\(day)".suffix(2))T23:59:58Z"
        }
        #expect(nanoseconds(utc: text(1)) == (days * 86_400 + 86_398) * 1_000_000_000)
        #expect(nanoseconds(utc: text(length + 1)) == nil && nanoseconds(utc: text(0)) == nil)
        days += UInt64(length)
      }
    }
    for text in [
      "", "1969-12-31T23:59:59Z", "2554-07-21T23:34:34Z", "2026-13-01T00:00:00Z",
      "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:60Z",
      "2026-01-01 00:00:00Z", "2026-01-01T00:00:00", "２026-01-01T00:00:00Z",
    ] { #expect(nanoseconds(utc: text) == nil) }
  }
}
