import EventRecords
import Foundation
import Offline
import Testing
import TriggerPipeline

@Suite struct StreamLedgerTests {
  private final class Journal {
    let path = FileManager.default.temporaryDirectory.appending(
      path: "tamis-journal-\(UUID().uuidString)"
    ).path
    init(_ lines: [String]) throws {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      try lines.joined(separator: "\n").write(
        toFile: "\(path)/ledger.jsonl", atomically: true, encoding: .utf8)
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }
  }

  private static func line(
    openedNs: Int = 1, expected: Int, ranges: [[Int]], scored: Int, balanced: Bool = true
  ) -> String {
    let decided = ranges.reduce(0) { $0 + $1[1] - $1[0] + 1 }
    return """
      {"run": 5, "source": 1, "closing": "end_of_run", "expected": \(expected), "received": \
      \(decided), "lost": \(expected - decided), "events": \(scored), "scored": \(scored), \
      "not_finite": 0, "repeated": 0, "shed": 0, "flagged": 2, "unbiased": 1, "opened_ns": \
      \(openedNs), "resumed": 0, "decided": \(decided), "closed_through": 0, "decided_ranges": \
      \(ranges), "balanced": \(balanced)}
      """
  }

  @Test func threeDaemonsBehindOneSender() throws {
    let a = try Journal([
      Self.line(expected: 10, ranges: [[1, 2], [7, 7], [10, 10]], scored: 3), "",
    ])
    let b = try Journal([Self.line(expected: 8, ranges: [[3, 4], [8, 8]], scored: 3), ""])
    let c = try Journal([Self.line(expected: 9, ranges: [[5, 5]], scored: 1), ""])
    let account = try #require(try StreamLedger(journals: [a.path, b.path, c.path]).accounts.first)
    #expect(account.expected == 10 && account.decided == 8 && account.missing == 2)
    #expect(account.missingRanges == [6...6, 9...9])
    #expect(account.scored == 7 && account.flagged == 6 && account.decidedTwice == 0)
    #expect(account.journals.count == 3 && account.isBalanced && !account.isOpen)
  }

  @Test func ofOneTakeTheLastReportCountsAndARunBegunAgainIsAnother() throws {
    let journal = try Journal([
      Self.line(expected: 4, ranges: [[1, 4]], scored: 3),
      Self.line(expected: 9, ranges: [[1, 4], [6, 9]], scored: 7),
      Self.line(openedNs: 2, expected: 3, ranges: [[1, 3]], scored: 2), "",
    ])
    let accounts = try StreamLedger(journals: [journal.path]).accounts
    #expect(accounts.map(\.take) == [1, 2])
    #expect(accounts[0].expected == 9 && accounts[0].missingRanges == [5...5])
    #expect(accounts[1].decided == 3 && accounts[1].missing == 0)
  }

  @Test func aCutLastLineIsLeftOutAndAnUnbalancedOneIsSaid() throws {
    let journal = try Journal([
      Self.line(expected: 4, ranges: [[1, 4]], scored: 3, balanced: false), #"{"run": 5, "sou"#,
    ])
    #expect(try StreamLedger(journals: [journal.path]).accounts.map(\.isBalanced) == [false])
  }

  @Test(arguments: [
    #"{"run": 5}"#, "[]",
    #"{"run": 5, "source": 1, "closing": "end_of_run", "expected": 4, "scored": 1, "#
      + #""not_finite": 0, "flagged": 0, "unbiased": 0, "opened_ns": 1, "decided": 2, "#
      + #""closed_through": 0, "decided_ranges": [[4, 3]], "balanced": true}"#,
  ])
  func aLineThatIsNoReportIsToldAndTheOthersCount(line: String) throws {
    let journal = try Journal([Self.line(expected: 4, ranges: [[1, 4]], scored: 3), line, ""])
    let ledger = try StreamLedger(journals: [journal.path])
    #expect(ledger.accounts.count == 1)
    #expect(ledger.notes.count == 1 && ledger.notes[0].contains("ledger.jsonl, line 2"))
  }

  private static func refusals(_ run: String, _ reasons: String, openedNs: Int = 1) -> String {
    #"{"run": \#(run), "source": \#(run == "null" ? run : "1"), "closing": "refused", "#
      + #""opened_ns": \#(openedNs), "refused": {\#(reasons)}}"#
  }

  @Test func whatWasRefusedIsAddedUp() throws {
    let journal = try Journal([
      Self.refusals("5", #""repeated": 3"#), Self.refusals("null", #""crc": 7"#),
      Self.line(expected: 4, ranges: [[1, 4]], scored: 3),
      Self.refusals("5", #""run_ended": 2, "of_a_later_version": 9"#),
      Self.refusals("5", #""run_ended": 1"#), Self.refusals("null", #""crc": 1, "magic": 2"#),
      Self.refusals("6", #""repeated": 18446744073709551615"#),
      Self.refusals("6", #""repeated": 18446744073709551615"#), "",
    ])
    let ledger = try StreamLedger(journals: [journal.path])
    #expect(ledger.accounts.map(\.run) == [5, 6])
    #expect(
      ledger.accounts[0].refused == [
        RefusedCount(reason: .runEnded, count: 3), RefusedCount(reason: .repeated, count: 3),
      ])
    #expect(ledger.accounts[1].refused == [RefusedCount(reason: .repeated, count: .max)])
    #expect(
      ledger.refusedOfUnknown == [
        RefusedCount(reason: .magic, count: 2), RefusedCount(reason: .checksum, count: 8),
      ])
  }

  /// A run that gave up its place and went on: each line has a part.
  @Test func partsOfARunAreAddedUp() throws {
    let whole = Self.line(expected: 20, ranges: [[11, 20]], scored: 9)
    let part = Self.line(expected: 10, ranges: [[1, 9]], scored: 8)
      .replacingOccurrences(of: "end_of_run", with: "silence")
    let journal = try Journal([part, whole, ""])
    let account = try #require(try StreamLedger(journals: [journal.path]).accounts.first)
    #expect(account.expected == 20 && account.decided == 19 && account.missing == 1)
    #expect(account.missingRanges == [10...10] && account.take == 1 && account.scored == 17)
  }

  /// A first start that was cut short leaves a lock and no more.
  @Test func aJournalThatHasOnlyBegunIsEmpty() throws {
    let journal = try Journal([])
    try FileManager.default.removeItem(atPath: "\(journal.path)/ledger.jsonl")
    #expect(throws: (any Error).self) { try StreamLedger(journals: [journal.path]) }
    try Data().write(to: URL(fileURLWithPath: "\(journal.path)/lock"))
    let ledger = try StreamLedger(journals: [journal.path])
    #expect(ledger.accounts.isEmpty && ledger.notes.count == 1)
  }

  /// The account of a closed run stays until its line is on the disk. After a power failure it may be
  /// older than the line.
  @Test(arguments: [3, 5] as [UInt64])
  func ofALineAndAnAccountOfTheSameProcessTheLineCounts(decided: UInt64) throws {
    for closing in ["end_of_run", "next_run", "silence", "shutdown"] {
      let line = Self.line(expected: 6, ranges: [[1, 5]], scored: 5)
        .replacingOccurrences(of: "end_of_run", with: closing)
      let journal = try Journal([line, ""])
      try Self.enter(decided: decided, resumeCount: 0, in: journal.path)
      let account = try #require(try StreamLedger(journals: [journal.path]).accounts.first)
      #expect(account.expected == 6 && account.decided == 5 && account.decidedTwice == 0)
      #expect(account.missingRanges == [6...6] && !account.isOpen)
    }
  }

  /// A later process has resumed the run: its account goes on from the line of an orderly end, and is
  /// a further part after one that had closed the run.
  @Test(arguments: [("shutdown", 8 as UInt64, 0 as UInt64), ("silence", 8, 5)])
  func theAccountOfALaterProcessCounts(closing: String, decided: UInt64, twice: UInt64) throws {
    let line = Self.line(expected: 6, ranges: [[1, 5]], scored: 5)
      .replacingOccurrences(of: "end_of_run", with: closing)
    let journal = try Journal([line, ""])
    try Self.enter(decided: decided, resumeCount: 1, in: journal.path)
    let account = try #require(try StreamLedger(journals: [journal.path]).accounts.first)
    #expect(account.expected == 8 && account.decided == 8 && account.missing == 0)
    #expect(account.decidedTwice == twice && account.isOpen)
  }

  private static func enter(decided: UInt64, resumeCount: UInt64, in folder: String) throws {
    let file = try RunAccountFile(folder: folder, slotCount: 2)
    var account = DecidedAccount(run: 5, source: 1, openedNs: 1, resumeCount: resumeCount)
    account.decided.note(1, count: decided)
    account.expected = decided
    file.enter(account, in: 1)
  }

  /// A journal and a copy of it: every record of the copy was decided before, also where only the count
  /// of the first ones is known.
  @Test func aCopyIsDecidedTwice() throws {
    let lines = [Self.line(openedNs: 7, expected: 200, ranges: [[61, 100]], scored: 60), ""]
      .map {
        $0.replacing(#""closed_through": 0"#, with: #""closed_through": 60"#)
          .replacing(#""decided": 40"#, with: #""decided": 60"#)
      }
    let (journal, copy) = (try Journal(lines), try Journal(lines))
    let account = try #require(
      try StreamLedger(journals: [journal.path, copy.path]).accounts.first)
    #expect(account.decided == 60 && account.missing == 140 && account.decidedTwice == 60)
    // An earlier state of it, whose ranges are others.
    let earlier = try Journal([
      Self.line(openedNs: 7, expected: 80, ranges: [[61, 80]], scored: 20), "",
    ])
    let both = try #require(
      try StreamLedger(journals: [journal.path, earlier.path]).accounts.first)
    #expect(both.decidedTwice == 20 && both.missing == 140)
  }

  /// Any numbers that 64 bits hold, in pairs: the sums stop at the largest number, and nothing traps.
  @Test func extremeNumbersAreAddedUp() throws {
    let extremes: [UInt64] = [0, 1, 2, .max - 1, .max]
    var lines: [String] = []
    for first in extremes {
      for second in extremes {
        for (closed, decided) in [(first, second), (second, first), (0, 0)] {
          lines.append(
            """
            {"run": 5, "source": 1, "closing": "silence", "expected": \(first), "received": \
            \(second), "lost": \(first), "events": \(second), "scored": \(first), "not_finite": \
            \(second), "repeated": \(first), "shed": \(first), "flagged": \(second), "unbiased": \
            \(first), "opened_ns": \(second), "resumed": \(first), "decided": \(decided), \
            "closed_through": \(closed), "decided_ranges": \
            \(first > closed && first > 0 ? "[[\(first), \(max(first, second))]]" : "[]"), \
            "balanced": true}
            """)
        }
      }
    }
    let journal = try Journal(lines + [""])
    for account in try StreamLedger(journals: [journal.path, journal.path]).accounts {
      #expect(account.decided <= account.expected || account.missing == 0)
      for range in account.missingRanges { #expect(range.upperBound <= account.expected) }
    }
  }
}
