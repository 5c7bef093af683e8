internal import ArgumentParser
internal import BoundedNumbers
internal import CommandFrame
internal import EventRecords
internal import NumberText
internal import Offline
internal import RunFiles
internal import StrictJSON
internal import TriggerPipeline

/// `tamis ledger`.
struct LedgerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ledger",
    abstract: "Merge the ledgers of journals into the ledger of the stream.",
    discussion: """
      Every daemon keeps account of the records that it has decided, run by run and source by \
      source, over restarts and kills. Where several daemons share a stream (any number behind one \
      PUSH), each has seen a part of it. Their accounts together tell what the stream has lost: \
      expected = decided + missing. Refused records are counted by reason. Those whose run or \
      sender cannot be trusted are counted as unknown.

      For each run and source the first three ranges of missing sequence numbers are shown, and all with \
      --json. A daemon keeps the numbers that it saw as at most 64 ranges. Of missing numbers before these \
      only the count is known (missing_unlisted). Beside a running daemon the account is that of some \
      moment: records on their way, and refused ones of the last ten seconds, may not be in it yet.

      The verdict is complete, damaged (a line or an account cannot be read), decided_twice (records were \
      decided more than once, or a journal and a copy of it were given), missing, refused (for another \
      reason than repeated), abandoned (records to be kept were given up at the end of a daemon, for \
      instance on a full disk) or unbalanced (sums do not agree). Where several hold, the gravest is \
      printed. Exit status 1 where sums do not agree and, as with inspect and verify, where something \
      cannot be read, whatever the verdict; with --complete, for every verdict but complete.

      Examples:
        tamis ledger /var/lib/tamis/journal
        tamis ledger node1/journal node2/journal node3/journal --json
      """)

  @Argument(help: "Journal folders.", completion: .file())
  var journals: [String]

  @OptionGroup var output: OutputOptions

  @Flag(help: "Exit status 1 unless the verdict is complete.")
  var complete = false

  func run() throws {
    try refuseRepeats(of: journals)
    for journal in journals {
      guard let holder = journalHolder(folder: journal) else { continue }
      complain(
        "\(journal): \(holder) writes it: this is its account of some moment; records on their way, and "
          + "refused ones of the last ten seconds, may not be in it yet")
    }
    let ledger = try StreamLedger(journals: journals)
    let verdict = Verdict(ledger)
    var facts = Facts()
    facts.add(
      "runs", .array(ledger.accounts.map(object)),
      line: ledger.accounts.map(line).joined(separator: "\n"))
    let missing = ledger.accounts.map(\.missing).saturatingSum
    facts.add("missing", .integer(missing), line: "missing: \(text(missing))")
    var abandoned = AbandonedCounts()
    for account in ledger.accounts { abandoned.add(account.abandoned) }
    facts.add(
      "abandoned", counts(abandoned),
      line: abandoned.total > 0 ? "abandoned: \(text(abandoned))" : "")
    let refused = refusedOfAll(ledger)
    facts.add(
      "refused", counts(refused),
      line: "refused: \(refused.isEmpty ? "0" : text(refused))")
    facts.add(
      "refused_unknown", counts(ledger.refusedOfUnknown),
      line: ledger.refusedOfUnknown.isEmpty
        ? "" : "of unknown runs or senders: \(text(ledger.refusedOfUnknown))")
    facts.add(
      "unreadable", .array(ledger.notes.map { .string($0) }),
      line: ledger.notes.map { "unreadable: \($0)" }.joined(separator: "\n"))
    facts.add("balanced", .bool(ledger.accounts.allSatisfy(\.isBalanced)))
    facts.add("verdict", .string(verdict.rawValue))
    facts.print(asJSON: output.json)
    if let reason = verdict.reason(complete: complete, isDamaged: !ledger.notes.isEmpty) {
      throw NegativeAnswer(description: reason)
    }
  }

  private func refusedOfAll(_ ledger: StreamLedger) -> [RefusedCount] {
    var sums: [RecordRejection: UInt64] = [:]
    for each in ledger.accounts.flatMap(\.refused) + ledger.refusedOfUnknown {
      sums[each.reason, default: 0] +|= each.count
    }
    return RecordRejection.allCases.compactMap { reason in
      sums[reason].map { RefusedCount(reason: reason, count: $0) }
    }
  }

  private func counts(_ refused: [RefusedCount]) -> Facts.Value {
    var object = JSONObject()
    for each in refused { object[each.reason.rawValue] = .integer(each.count) }
    return .object(object)
  }

  private func counts(_ abandoned: AbandonedCounts) -> Facts.Value {
    var object = JSONObject()
    for each in abandoned.byName { object[each.name] = .integer(each.count) }
    return .object(object)
  }

  private func text(_ abandoned: AbandonedCounts) -> String {
    abandoned.byName.map { "\($0.name) \($0.count)" }.joined(separator: ", ")
  }

  private func text(_ refused: [RefusedCount]) -> String {
    refused.map { "\($0.reason.rawValue) \(text($0.count))" }.joined(separator: ", ")
  }

  /// A count that stands at the end of its type says that much or more.
  private func text(_ count: UInt64) -> String {
    count == .max ? "\(count) or more" : "\(count)"
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
      "missing_unlisted": .integer(account.unlistedMissing),
      "decided_twice": .integer(account.decidedTwice), "scored": .integer(account.scored),
      "not_finite": .integer(account.notFinite), "flagged": .integer(account.flagged),
      "unbiased": .integer(account.unbiased), "abandoned": counts(account.abandoned),
      "refused": counts(account.refused),
      "open": .bool(account.isOpen),
      "balanced": .bool(account.isBalanced),
      "journals": .array(account.journals.map { .string($0) }),
    ])
  }

  private func line(_ account: StreamAccount) -> String {
    let ranges = account.missingRanges.prefix(3).map {
      $0.lowerBound == $0.upperBound ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)"
    }
    let moreCount = account.missingRanges.count - ranges.count
    let unlisted = account.unlistedMissing
    let parts =
      ranges + (moreCount > 0 ? ["\(counted(moreCount, "more range")) with --json"] : [])
      + (unlisted > 0
        ? ["\(text(unlisted)) up to \(account.closedThrough), which ones is not known"] : [])
    let missing =
      account.missing == 0 ? "" : " (sequences \(parts.joined(separator: ", ")))"
    let (expected, decided) = (text(account.expected), text(account.decided))
    let lost = text(account.missing)
    return "run \(account.run) source \(account.source)"
      + (account.take > 1 ? " take \(account.take)" : "")
      + ": expected \(expected) = decided \(decided) + missing \(lost)\(missing)"
      + "; scored \(account.scored), flagged \(account.flagged), unbiased "
      + "\(account.unbiased)"
      + (account.abandoned.total == 0 ? "" : "; abandoned \(text(account.abandoned))")
      + (account.refused.isEmpty ? "" : "; refused \(text(account.refused))")
      + (account.decidedTwice > 0 ? "; decided twice \(account.decidedTwice)" : "")
      + (account.isOpen ? "; not closed" : "") + (account.isBalanced ? "" : "; DOES NOT BALANCE")
  }
}

/// The verdict on a ledger, the gravest first.
private enum Verdict: String, CaseIterable {
  case unbalanced, abandoned, refused, missing
  case decidedTwice = "decided_twice"
  case damaged, complete

  init(_ ledger: StreamLedger) {
    let refused = ledger.refusedOfUnknown + ledger.accounts.flatMap(\.refused)
    if !ledger.accounts.allSatisfy(\.isBalanced) {
      self = .unbalanced
    } else if ledger.accounts.contains(where: { $0.abandoned.total > 0 }) {
      self = .abandoned
    } else if refused.contains(where: { $0.reason != .repeated }) {
      self = .refused
    } else if ledger.accounts.contains(where: { $0.missing > 0 }) {
      self = .missing
    } else if ledger.accounts.contains(where: { $0.decidedTwice > 0 }) {
      self = .decidedTwice
    } else if !ledger.notes.isEmpty {
      self = .damaged
    } else {
      self = .complete
    }
  }

  /// Why the exit status is 1; nil for 0.
  func reason(complete: Bool, isDamaged: Bool) -> String? {
    switch self {
    case .unbalanced: return "sums do not agree: a fault of the daemon, please report it"
    case .abandoned where complete: return "not complete: records were given up"
    case .refused where complete: return "not complete: records were refused"
    case .missing where complete: return "not complete: records are missing"
    case .decidedTwice where complete:
      return "not complete: records were decided twice; give each journal once, and no copy of it"
    default: break
    }
    return isDamaged
      ? "damaged: a part of the ledger cannot be read, and is in none of the sums" : nil
  }
}
