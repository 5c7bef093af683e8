internal import DaemonConfiguration
internal import Testing
internal import TriggerPipeline

/// `etc/tamisd.yaml` shows every key with its default.
@Suite struct ExampleFileTests {
  private static var path: String {
    #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined() + "/etc/tamisd.yaml"
  }

  @Test func readsAsTheDefaults() throws {
    let path = Self.path
    let folder = String(path.dropLast("tamisd.yaml".count))
    var expected = DaemonConfiguration()
    expected.model = folder + "model.safetensors"
    expected.calibration = folder + "calibration.json"
    expected.pipeline.inputConnect = ["tcp://127.0.0.1:5555"]
    expected.pipeline.outputBind = ["tcp://127.0.0.1:5556"]
    expected.pipeline.journalPath = folder + "journal"
    #expect(try DaemonConfiguration.load(path).keys(differingFrom: expected) == [])
  }

  @Test func showsEveryKey() throws {
    #expect(Set(try comments().keys) == Set(DaemonConfiguration.knownKeys))
  }

  /// The comment above a key, or above the keys before it, says what it takes.
  @Test func saysEveryRangeAndWord() throws {
    let comments = try comments()
    for (name, key) in DaemonConfiguration.keys {
      let comment = comments[name] ?? ""
      if let range = key.range {
        let text = "\(range.lowerBound) to \(range.upperBound)"
        #expect(comment.contains(text), "the comment of \(name) says `\(text)`")
      }
      let words = Set(comment.split { !$0.isLetter && $0 != "_" }.map(String.init))
      for word in key.words {
        #expect(words.contains(word), "the comment of \(name) says `\(word)`")
      }
    }
  }

  /// Documents name keys as `section.key`; a renamed key would stay behind there.
  @Test func documentsNameNoOtherKeys() throws {
    let root = String(Self.path.dropLast("etc/tamisd.yaml".count))
    let sections = ConfigurationSection.all.map(\.name).filter { !$0.isEmpty }
    let known = Set(DaemonConfiguration.knownKeys)
    for page in ["operating", "runbook", "security", "farm", "sampling", "formats"] {
      for line in try readLines("\(root)docs/\(page).md") {
        for quoted in line.split(separator: "`", omittingEmptySubsequences: false).enumerated()
          .filter({ $0.offset % 2 == 1 }).map(\.element)
        {
          let name = quoted.prefix { $0.isLowercase || $0 == "_" || $0 == "." }
          let parts = name.split(separator: ".", omittingEmptySubsequences: false)
          guard parts.count == 2, !parts[1].isEmpty, sections.contains(String(parts[0])),
            parts[1] != "jsonl"
          else {
            continue
          }
          #expect(known.contains(String(name)), "\(page).md: `\(quoted)`")
        }
      }
    }
  }

  /// The comment of each key: the one just above it, or above the key before it.
  private func comments() throws -> [String: String] {
    var comments: [String: String] = [:]
    var (section, comment, follows) = ("", "", false)
    for line in try readLines(Self.path) {
      let content = line.drop { $0 == " " }
      if content.hasPrefix("#") {
        comment = (follows ? "" : comment + " ") + content.dropFirst(2)
        follows = false
      }
      guard !content.isEmpty, !content.hasPrefix("#"), let colon = content.firstIndex(of: ":")
      else { continue }
      let key = String(content[..<colon])
      if content.count == line.count { section = key }
      comments[content.count == line.count ? key : "\(section).\(key)"] = comment
      follows = true
    }
    return comments
  }
}
