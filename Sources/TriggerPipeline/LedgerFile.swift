internal import DurableFiles
internal import EventRecords
internal import RunFiles
internal import StrictJSON

/// `ledger.jsonl` beside the journal's segments: one line for each run and source that was closed,
/// so that the sums of a run outlive the daemon.
final class LedgerFile {
  static let name = FlaggedJournal.ledgerName

  private let file: JSONLineFile

  init(store: any FolderStore) throws(SystemCallError) {
    file = try JSONLineFile(Self.name, in: store)
  }

  /// Appends a closed run. Where this throws, the line is not in the file: the caller must try
  /// again before it gives up the run's account.
  func append(_ report: RunLedgerReport) throws { try file.append(report.json) }

  /// Appends the refused records of a run, in the same way.
  func append(_ report: RefusalReport) throws { try file.append(report.json) }

  /// Where the file ends.
  var end: Int { file.end }
  /// The lines before it are known to be on the disk.
  var durableEnd: Int { file.durableEnd }

  /// Returns when the lines are on the disk; any thread may call it.
  var synchronise: @Sendable () throws -> Void { { [file] in try file.synchronise() } }
}

extension RunLedgerReport {
  /// The sums in the order in which people read them: also a section of the journal's manifest.
  var manifestSection: JSONValue {
    .object([
      "run": .integer(run), "source": .integer(source), "closing": .string(closing.rawValue),
      "expected": .integer(expected), "received": .integer(received), "lost": .integer(lost),
      "events": .integer(events), "scored": .integer(scored), "not_finite": .integer(notFinite),
      "repeated": .integer(repeated), "shed": .integer(shed), "flagged": .integer(flagged),
      "unbiased": .integer(unbiased), "opened_ns": .integer(openedNs),
      "resumed": .integer(resumeCount), "decided": .integer(decided),
      "closed_through": .integer(closedThrough),
      "decided_ranges": .array(
        decidedRanges.map { .array([.integer($0.lowerBound), .integer($0.upperBound)]) }),
      "abandoned": .object(
        JSONObject(sorting: abandoned.byName.map { ($0.name, .integer($0.count)) })),
      "refused": refused.json, "balanced": .bool(isBalanced),
    ])
  }

  /// The report as one line of JSON.
  package var json: String { manifestSection.compactText }
}

extension RefusalReport {
  /// The report as one line of JSON.
  package var json: String {
    JSONValue.object([
      "run": .optional(run) { .integer($0) }, "source": .optional(source) { .integer($0) },
      "closing": .string("refused"), "opened_ns": .integer(openedNs), "refused": refused.json,
    ]).compactText
  }
}

extension [RefusedCount] {
  fileprivate var json: JSONValue {
    .object(JSONObject(sorting: map { ($0.reason.rawValue, .integer($0.count)) }))
  }
}
