import Foundation
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
    #"{"run": 5}"#, "[]", "nonsense",
    #"{"run": 5, "source": 1, "expected": 4, "scored": 1, "not_finite": 0, "flagged": 0, "#
      + #""unbiased": 0, "opened_ns": 1, "decided": 2, "closed_through": 0, "#
      + #""decided_ranges": [[4, 3]], "balanced": true}"#,
  ])
  func aLineThatIsNoReportIsNamed(line: String) throws {
    let journal = try Journal([Self.line(expected: 4, ranges: [[1, 4]], scored: 3), line, ""])
    #expect {
      _ = try StreamLedger(journals: [journal.path])
    } throws: { error in "\(error)".contains("ledger.jsonl, line 2") }
  }
}
