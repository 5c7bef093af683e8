internal import Calibration
internal import EventRecords
internal import Glibc
internal import Monitoring
internal import StrictJSON
internal import Testing
internal import TriggerPipeline

/// The tables of docs/operating.md and docs/formats.md name every metric with its labels and every
/// key of `/status`, and no other.
///
/// `TAMIS_WRITE_GOLDEN=1` adds the metrics and keys that are missing: a metric in the words of its
/// help, a key in the row of its part.
@Suite struct DocumentedNumbersTests {
  @Test func everyMetricIsInTheTableOfOperating() throws {
    let page = try labelsByMetric()
    if isWriting { try addMissingMetrics(page) }
    var documented: [String: Set<String>] = [:]
    for row in try tableRows("operating.md", after: Self.metricTable) {
      let labels = Set(quoted(row[1]))
      for name in quoted(row[0]) {
        #expect(documented[name] == nil, "\(name) twice")
        documented[name] = labels
      }
    }
    for (name, labels) in page {
      #expect(documented[name] == labels, "\(name) with the labels \(labels.sorted())")
    }
    for name in documented.keys { #expect(page[name] != nil, "\(name) is no metric") }
  }

  @Test func everyRejectionReasonIsInFormats() throws {
    let all = Set(RecordRejection.allCases.map(\.rawValue))
    let formats = try tableRows("formats.md", after: "## Refusals", and: 2)
    // Stated in the sentence between the tables.
    #expect(Set(formats.flatMap { quoted($0[0]) }).union(["feature_count"]) == all)
    // Where the file `ledger.open` is described they are in its order, which is the declaration's.
    let order = RecordRejection.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", ")
    let words = try lines(of: "formats.md").flatMap { $0.split(separator: " ") }
    #expect(words.joined(separator: " ").contains(order))
  }

  @Test func everyKeyOfStatusIsInTheTableOfFormats() throws {
    if isWriting { try addMissingKeys() }
    let documented = try documentedParts()
    let status = statusObject(of: complete)
    #expect(Set(documented.keys).subtracting(status.members.map(\.name)) == [])
    for member in status.members {
      guard let text = documented[member.name] else {
        Issue.record("formats.md has no row for the key \(member.name) of /status")
        continue
      }
      for key in undocumentedKeys(of: member, in: text) {
        Issue.record("formats.md: the row of \(member.name) says nothing of `\(key)`")
      }
    }
  }

  /// The rows of the table of `/status`, by the names in their first cell.
  private func documentedParts() throws -> [String: String] {
    var parts: [String: String] = [:]
    for row in try tableRows("formats.md", after: "## Status") {
      for name in quoted(row[0]) where name != "key" { parts[name] = row[1] }
    }
    return parts
  }

  private func undocumentedKeys(
    of member: JSONObject.Member, in text: String
  ) -> [String] {
    // The flags that are described "as above".
    let names = Set(quoted(text) + (member.name == "strangest_flags" ? flagKeys : []))
    return memberNames(member.value).subtracting(names).sorted()
  }

  private var isWriting: Bool { getenv("TAMIS_WRITE_GOLDEN") != nil }

  private static let metricTable = "| metric | labels | what |"

  private func addMissingMetrics(_ page: [String: Set<String>]) throws {
    let documented = Set(
      try tableRows("operating.md", after: Self.metricTable).flatMap { quoted($0[0]) })
    let help = helpByMetric()
    try change("operating.md", after: Self.metricTable) { table in
      for name in page.keys.sorted() where !documented.contains(name) {
        let labels = page[name, default: []].sorted().map { "`\($0)`" }.joined(separator: ", ")
        table.append("| `\(name)` | \(labels) | \(help[name] ?? "") |")
      }
    }
  }

  private func addMissingKeys() throws {
    let documented = try documentedParts()
    try change("formats.md", after: "## Status") { table in
      for member in statusObject(of: complete).members {
        let keys = undocumentedKeys(of: member, in: documented[member.name] ?? "")
        guard !keys.isEmpty else { continue }
        let list = keys.map { "`\($0)`" }.joined(separator: ", ")
        if let row = table.firstIndex(where: { $0.hasPrefix("| `\(member.name)` |") }) {
          table[row] = "\(table[row].dropLast(2)), \(list) |"
        } else {
          table.append("| `\(member.name)` | \(list) |")
        }
      }
    }
  }

  /// With a quiet working point too, which has a key and a metric of its own.
  private var complete: DaemonStatus {
    var status = DaemonStatus.fixedWithAlarms
    status.points[2].inForce?.side = .low
    return status
  }

  private var flagKeys: [String] {
    ["number", "time", "run", "source", "sequence", "event", "score", "working_points"]
      + ["background_rate", "rate_extrapolated"]
      + ["top_features", "name", "share"]
  }

  /// The labels of each family, as its samples have them; `le` is a histogram's.
  private func labelsByMetric() throws -> [String: Set<String>] {
    var labels: [String: Set<String>] = [:]
    var family = ""
    let page = String(decoding: metricsPage(of: complete).bytes, as: UTF8.self)
    for line in page.split(separator: "\n") {
      if line.hasPrefix("# HELP ") {
        family = String(line.split(separator: " ")[2])
        labels[family] = []
      } else if !line.hasPrefix("#"), let start = line.firstIndex(of: "{") {
        // Values of the fixed status hold neither commas nor equal signs.
        for pair in line[line.index(after: start)...].split(separator: ",") {
          labels[family]?.insert(String(pair.prefix { $0 != "=" }))
        }
      }
    }
    return labels
  }

  /// What each family's help says.
  private func helpByMetric() -> [String: String] {
    String(decoding: metricsPage(of: complete).bytes, as: UTF8.self).split(separator: "\n")
      .filter { $0.hasPrefix("# HELP ") }
      .reduce(into: [:]) { help, line in
        let words = line.split(separator: " ", maxSplits: 3)
        help[String(words[2])] = String(words[3])
      }
  }

  /// The keys of an object or of an array's objects; where an object's keys are values of a label
  /// (counts by reason), they are no keys of the format.
  private func memberNames(_ value: StrictJSON.JSONValue) -> Set<String> {
    switch value {
    case .object(let object):
      object.members.reduce(into: []) { names, member in
        names.insert(member.name)
        if !["rejected_by_reason", "control_records", "events", "requests"].contains(member.name),
          !(member.name == "published" && object["waiting"] != nil)
        {
          names.formUnion(memberNames(member.value))
        }
      }
    case .array(let values): values.reduce(into: []) { $0.formUnion(memberNames($1)) }
    default: []
    }
  }

  /// The texts between backticks.
  private func quoted(_ text: String) -> [String] {
    text.split(separator: "`", omittingEmptySubsequences: false).enumerated()
      .filter { $0.offset % 2 == 1 }.map { String($0.element) }
  }

  /// The cells of the first table behind a line, and of `more` further ones.
  private func tableRows(
    _ page: String, after line: String, and more: Int = 0
  ) throws -> [[String]] {
    let lines = try lines(of: page)
    let start = try #require(lines.firstIndex(of: line), "\(page) has no line \(line)")
    var rest = lines[(start + 1)...]
    var table: [String] = []
    for _ in 0...more {
      rest = rest.drop { !$0.hasPrefix("|") }
      table += rest.prefix { $0.hasPrefix("|") }
      rest = rest.drop { $0.hasPrefix("|") }
    }
    return table.filter { !$0.hasPrefix("|---") }.map {
      $0.dropFirst().dropLast().split(separator: "|", omittingEmptySubsequences: false)
        .map(String.init)
    }
  }

  /// Writes a page whose first table behind a line is changed.
  private func change(
    _ page: String, after line: String, _ change: (inout [String]) throws -> Void
  ) throws {
    let lines = try lines(of: page)
    let place = try #require(lines.firstIndex(of: line), "\(page) has no line \(line)")
    let start = try #require(lines[(place + 1)...].firstIndex { $0.hasPrefix("|") })
    let end = lines[start...].firstIndex { !$0.hasPrefix("|") } ?? lines.endIndex
    var table = Array(lines[start..<end])
    try change(&table)
    let text = (lines[..<start] + table + lines[end...]).joined(separator: "\n")
    let file = try #require(fopen(path(of: page), "w"))
    defer { fclose(file) }
    fwrite(text, 1, text.utf8.count, file)
  }

  private func lines(of page: String) throws -> [String] {
    let file = try #require(fopen(path(of: page), "r"))
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    bytes.removeLast(bytes.count - fread(&bytes, 1, bytes.count, file))
    return String(decoding: bytes, as: UTF8.self)
      .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  private func path(of page: String) -> String {
    (#filePath as String).dropLast("Tests/MonitoringTests/DocumentedNumbersTests.swift".count)
      + "docs/\(page)"
  }
}
