internal import ArgumentParser
internal import CommandFrame
internal import StrictJSON
internal import TriggerPipeline

/// `tamis ledger`.
struct LedgerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ledger",
    abstract: "Merge the ledgers of journals into the ledger of the stream.",
    discussion: """
      Every daemon keeps account of the records that it has decided, run by run and source by source, \
      over restarts and kills. Where several daemons share a stream (any number behind one PUSH), \
      each has seen a part; together they say what the stream has lost: \
      expected = decided + missing.

      Exit status 1 where sums do not agree. Missing records are a fact, not a failure.

      Examples:
        tamis ledger /var/lib/tamis/journal
        tamis ledger node1/journal node2/journal node3/journal --json
      """)

  @Argument(help: "Journal folders.")
  var journals: [String]

  @OptionGroup var output: OutputOptions

  func run() throws {
    let ledger = try StreamLedger(journals: journals)
    let isBalanced = ledger.accounts.allSatisfy(\.isBalanced)
    var facts = Facts()
    facts.add(
      "runs", .array(ledger.accounts.map(object)),
      line: ledger.accounts.map(line).joined(separator: "\n"))
    facts.add("missing", .integer(ledger.accounts.reduce(0) { $0 + $1.missing }))
    facts.add("balanced", .bool(isBalanced))
    facts.print(asJSON: output.json)
    if !isBalanced {
      throw NegativeAnswer(
        description: "sums do not agree: a fault of the daemon, please report it")
    }
  }

  private func object(_ account: StreamAccount) -> Facts.Value {
    .object([
      "run": .integer(account.run), "source": .integer(account.source),
      "take": .integer(account.take), "expected": .integer(account.expected),
      "decided": .integer(account.decided), "missing": .integer(account.missing),
      "missing_ranges": .array(
        account.missingRanges.map {
          .array([.integer($0.lowerBound), .integer($0.upperBound)])
        }),
      "decided_twice": .integer(account.decidedTwice), "scored": .integer(account.scored),
      "not_finite": .integer(account.notFinite), "flagged": .integer(account.flagged),
      "unbiased": .integer(account.unbiased), "open": .bool(account.isOpen),
      "balanced": .bool(account.isBalanced),
      "journals": .array(account.journals.map { .string($0) }),
    ])
  }

  private func line(_ account: StreamAccount) -> String {
    let ranges = account.missingRanges.prefix(3).map {
      $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)"
    }
    let more = account.missingRanges.count > 3 ? ", ..." : ""
    let missing =
      account.missing == 0 ? "" : " (sequences \(ranges.joined(separator: ", "))\(more))"
    return "run \(account.run) source \(account.source)"
      + (account.take > 1 ? " take \(account.take)" : "")
      + ": expected \(account.expected) = decided \(account.decided) + missing \(account.missing)"
      + missing + "; scored \(account.scored), flagged \(account.flagged), unbiased "
      + "\(account.unbiased)"
      + (account.decidedTwice > 0 ? "; decided twice \(account.decidedTwice)" : "")
      + (account.isOpen ? "; not closed" : "") + (account.isBalanced ? "" : "; DOES NOT BALANCE")
  }
}
