internal import Calibration
internal import EventRecords
internal import Glibc
internal import Monitoring
internal import StrictJSON
internal import Testing
internal import TriggerPipeline

/// The tables of docs/operating.md and docs/formats.md name every metric with its labels and every
/// key of `/status`, and no other.
@Suite struct DocumentedNumbersTests {
  @Test func everyMetricIsInTheTableOfOperating() throws {
    var documented: [String: Set<String>] = [:]
    for row in try tableRows("operating.md", after: "| metric | labels | what |") {
      let labels = Set(quoted(row[1]))
      for name in quoted(row[0]) {
        #expect(documented[name] == nil, "\(name) twice")
        documented[name] = labels
      }
    }
    let page = try labelsByMetric()
    for (name, labels) in page {
      #expect(documented[name] == labels, "\(name) with the labels \(labels.sorted())")
    }
    for name in documented.keys { #expect(page[name] != nil, "\(name) is no metric") }
  }

  /// Both pages say each reason for which a record is refused.
  @Test func everyRejectionReasonIsInBothPages() throws {
    let all = Set(RecordRejection.allCases.map(\.rawValue))
    let operating = try tableRows("operating.md", after: "| reason | meaning |", and: 0)
    #expect(Set(operating.flatMap { quoted($0[0]) }) == all)
    let formats = try tableRows("formats.md", after: "## Refusals", and: 2)
    // Stated in the sentence between the tables.
    #expect(Set(formats.flatMap { quoted($0[0]) }).union(["feature_count"]) == all)
  }

  @Test func everyKeyOfStatusIsInTheTableOfFormats() throws {
    var documented: [String: String] = [:]
    for row in try tableRows("formats.md", after: "## Status") {
      for name in quoted(row[0]) where name != "key" { documented[name] = row[1] }
    }
    let status = statusObject(of: complete)
    let keys = status.members.map(\.name)
    #expect(Set(documented.keys).subtracting(keys) == [])
    for member in status.members {
      guard let text = documented[member.name] else {
        Issue.record("formats.md has no row for the key \(member.name) of /status")
        continue
      }
      // The flags that are described "as above".
      let names = Set(quoted(text) + (member.name == "strangest_flags" ? flagKeys : []))
      for key in memberNames(member.value) {
        #expect(names.contains(key), "formats.md: the row of \(member.name) says `\(key)`")
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
    let root = String(
      (#filePath as String).dropLast("Tests/MonitoringTests/DocumentedNumbersTests.swift".count))
    let file = try #require(fopen("\(root)docs/\(page)", "r"))
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    bytes.removeLast(bytes.count - fread(&bytes, 1, bytes.count, file))
    let lines = String(decoding: bytes, as: UTF8.self)
      .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
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
}
