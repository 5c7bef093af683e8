internal import Glibc
internal import Monitoring
internal import StrictJSON
internal import Testing

/// Rules, board, runbook and docs/operating.md against the declared alarms: none of them may lag.
@Suite struct AlarmListTests {
  /// An alert of the rules.
  private struct Rule {
    var name: String
    var severity: String
    var text: String
  }

  private static let root = String(
    (#filePath as String).dropLast("Tests/MonitoringTests/AlarmListTests.swift".count))

  private func text(_ path: String) throws -> String {
    let file = try #require(fopen(Self.root + path, "r"), "\(path) is missing")
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    bytes.removeLast(bytes.count - fread(&bytes, 1, bytes.count, file))
    return String(decoding: bytes, as: UTF8.self)
  }

  private func rules() throws -> [Rule] {
    let blocks = try text("etc/prometheus/tamis.rules.yml").split(separator: "- alert: ")
      .dropFirst()
    return try blocks.map { block in
      let name = String(block.prefix { $0 != "\n" })
      let severity = try #require(block.split(separator: "severity: ").dropFirst().first)
      return Rule(
        name: name, severity: String(severity.prefix { $0 != "}" }),
        text: block.split { $0.isWhitespace }.joined(separator: " "))
    }
  }

  /// What the expression of a level's rule says. Where the daemon applies the limit itself, its
  /// metric is all there is.
  private func expected(_ name: AlarmName, _ level: AlarmDeclaration.Level) -> [String] {
    guard let limit = level.limit else { return [] }
    switch name {
    case .pipelineStuck: return ["tamis_healthy == 0"]
    case .noEvents: return ["rate\(Int(limit) / 60)m) == 0"]
    case .journalDiskFilling:
      let least =
        "tamis_journal_free_bytes < \(AlarmDeclaration.leastFreeByteCount / 1_000_000_000)e9"
      return [", \(Int(-limit))) < 0"] + (level.severity == .critical ? [least] : [])
    case .flaggedRateOff: return ["tamis_rate_alarm == 1", "check=\"flagged_rate\""]
    default: return ["> \(limit == limit.rounded() ? "\(Int(limit))" : "\(limit)") "]
    }
  }

  @Test func rulesHaveTheDeclaredAlarmsSeveritiesAndLimits() throws {
    let rules = try rules()
    let declared = AlarmName.allCases.flatMap { name in
      name.declaration.levels.map { (name, $0) }
    }
    #expect(
      rules.map { "\($0.name) \($0.severity)" }.sorted()
        == declared.map { "\($0.rawValue) \($1.severity.rawValue)" }.sorted())
    for (name, level) in declared {
      let rule = try #require(
        rules.first { $0.name == name.rawValue && $0.severity == level.severity.rawValue })
      for part in expected(name, level) {
        #expect(rule.text.contains(part), "\(name.rawValue): \(part) is not in \(rule.text)")
      }
    }
  }

  @Test func operatingHasTheTable() throws {
    let lines = try text("docs/operating.md").split(
      separator: "\n", omittingEmptySubsequences: false)
    let start = try #require(lines.firstIndex(of: "| alarm | severity | on while |"))
    let table = lines[(start + 2)...].prefix { $0.hasPrefix("|") }.map(String.init)
    #expect(table == AlarmName.allCases.map(\.tableLine))
  }

  @Test func runbookBeginsEachSectionWithIt() throws {
    let sections = try text("docs/runbook.md").split(separator: "\n## ").dropFirst()
    #expect(
      sections.map { $0.prefix { $0 != "\n" } } == AlarmName.allCases.map { $0.rawValue[...] })
    for (name, section) in zip(AlarmName.allCases, sections) {
      let words = section.drop { $0 != "\n" }.split { $0.isWhitespace }.joined(separator: " ")
      #expect(words.hasPrefix(name.runbookLine), "\(name.runbookLine)")
    }
  }

  @Test func boardTurnsToTheirColoursAtTheLimits() throws {
    let board = try JSONValue(parsing: text("etc/grafana/tamis.json"))
    let panels = try #require(list(member(board, "panels")))
    for (title, name) in [("Lost", AlarmName.eventsLost), ("Dead time", .deadTime)] {
      let panel = try #require(
        panels.first {
          member($0, "title") == .string(title) && member($0, "type") == .string("stat")
        })
      let thresholds = member(member(member(panel, "fieldConfig"), "defaults"), "thresholds")
      // The first step is the colour of health, and has no value.
      let limits = try #require(list(member(thresholds, "steps"))).dropFirst().map {
        member($0, "value")?.compactText
      }
      #expect(limits == name.declaration.levels.map { JSONValue.real($0.limit ?? 0).compactText })
    }
  }

  private func member(_ value: JSONValue?, _ name: String) -> JSONValue? {
    guard case .object(let object) = value else { return nil }
    return object[name]
  }

  private func list(_ value: JSONValue?) -> [JSONValue]? {
    guard case .array(let list) = value else { return nil }
    return list
  }

  @Test func wordsAreThoseOfTheLimits() {
    let words = { (name: AlarmName) in name.declaration.levelText }
    #expect(words(.eventsLost) == "warning: more than 0.1 %; critical: more than 5 %")
    #expect(words(.outputBacklog) == "warning: more than 1,000")
    #expect(words(.restarted) == "warning: once; critical: more than 2 times")
    #expect(
      words(.journalDiskFilling)
        == "warning: within 24 h; critical: within 2 h, or less than 1 GB left")
    #expect(words(.flood) == "critical")
  }
}
