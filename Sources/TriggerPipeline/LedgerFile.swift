internal import DurableFiles
internal import EventRecords
internal import RunFiles

/// `ledger.jsonl` beside the journal's segments: one line for each run and source that was closed,
/// so that the sums of a run outlive the daemon.
final class LedgerFile {
  static let name = "ledger.jsonl"

  private let file: JSONLineFile

  init(store: any FolderStore) throws(SystemCallError) {
    file = try JSONLineFile(Self.name, in: store)
  }

  /// Appends a closed run. Where this throws, the line is not in the file: the caller must try
  /// again before it gives up the run's account.
  func append(_ report: RunLedgerReport) throws { try append(line: report.json) }

  /// Appends the refused records of a run, in the same way.
  func append(_ report: RefusalReport) throws { try append(line: report.json) }

  /// Appends a JSON object, which gets its checksum here.
  private func append(line: String) throws { try file.append(line) }

  /// Where the file ends.
  var end: Int { file.end }
  /// The lines before it are known to be on the disk.
  var durableEnd: Int { file.durableEnd }

  /// Returns when the lines are on the disk; any thread may call it.
  var synchronise: @Sendable () throws -> Void { { [file] in try file.synchronise() } }
}

extension RunLedgerReport {
  /// The sums by name, in the order in which people read them.
  private var members: [(name: String, value: JSONValue)] {
    [
      ("run", .count(run)), ("source", .count(source)), ("closing", .string(closing.rawValue)),
      ("expected", .count(expected)), ("received", .count(received)), ("lost", .count(lost)),
      ("events", .count(events)), ("scored", .count(scored)),
      ("not_finite", .count(notFinite)), ("repeated", .count(repeated)), ("shed", .count(shed)),
      ("flagged", .count(flagged)), ("unbiased", .count(unbiased)),
      ("opened_ns", .count(openedNs)), ("resumed", .count(resumeCount)),
      ("decided", .count(decided)), ("closed_through", .count(closedThrough)),
      (
        "decided_ranges",
        .array(decidedRanges.map { .array([.count($0.lowerBound), .count($0.upperBound)]) })
      ),
      (
        "abandoned",
        .object(
          Dictionary(uniqueKeysWithValues: abandoned.byName.map { ($0.name, .count($0.count)) }))
      ), ("refused", refused.json), ("balanced", .bool(isBalanced)),
    ]
  }

  /// The report as one line of JSON.
  package var json: String { line(members) }

  /// The report as a section of the journal's manifest.
  var manifestSection: JSONValue {
    .object(Dictionary(uniqueKeysWithValues: members.map { ($0.name, $0.value) }))
  }
}

extension RefusalReport {
  /// The report as one line of JSON.
  package var json: String {
    line([
      ("run", run.map { .count($0) } ?? .null), ("source", source.map { .count($0) } ?? .null),
      ("closing", .string("refused")), ("opened_ns", .count(openedNs)), ("refused", refused.json),
    ])
  }
}

private func line(_ members: [(name: String, value: JSONValue)]) -> String {
  "{" + members.map { "\"\($0.name)\": \($0.value.text)" }.joined(separator: ", ") + "}"
}

extension [RefusedCount] {
  fileprivate var json: JSONValue {
    .object(
      Dictionary(
        map { ($0.reason.rawValue, .count($0.count)) }, uniquingKeysWith: { first, _ in first }))
  }
}

extension JSONValue {
  /// Numbers, truth values, lists and objects of them, and words without special characters. A
  /// ledger has no other values.
  fileprivate var text: String {
    switch self {
    case .integer(let value): "\(value)"
    case .unsigned(let value): "\(value)"
    case .bool(let value): "\(value)"
    case .string(let value): "\"\(value)\""
    case .array(let values): "[" + values.map(\.text).joined(separator: ", ") + "]"
    case .object(let members):
      line(members.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) })
    case .null, .number: "null"
    }
  }
}
