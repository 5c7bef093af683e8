internal import DaemonConfiguration
internal import Testing

/// `etc/tamisd.yaml` shows every key with its default.
@Suite struct ExampleFileTests {
  private static var path: String {
    #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined() + "/etc/tamisd.yaml"
  }

  @Test func readsAsTheDefaults() throws {
    let path = Self.path
    let folder = String(path.dropLast("tamisd.yaml".count))
    let expected = DaemonConfiguration(
      model: folder + "model.safetensors", calibration: folder + "calibration.json",
      input: .init(connect: ["tcp://127.0.0.1:5555"]),
      output: .init(bind: ["tcp://127.0.0.1:5556"]), journal: .init(path: folder + "journal"))
    #expect(try DaemonConfiguration.load(path) == expected)
  }

  @Test func showsEveryKey() throws {
    var shown: Set<String> = []
    var section = ""
    for line in try readLines(Self.path) {
      let content = line.drop { $0 == " " }
      guard !content.isEmpty, !content.hasPrefix("#"), let colon = content.firstIndex(of: ":")
      else { continue }
      let key = String(content[..<colon])
      if content.count == line.count { section = key }
      shown.insert(content.count == line.count ? key : "\(section).\(key)")
    }
    #expect(shown == Set(DaemonConfiguration.knownKeys))
  }
}
