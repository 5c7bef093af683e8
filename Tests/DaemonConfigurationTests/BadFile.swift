internal import DaemonConfiguration
internal import Testing

/// A configuration and the messages it must give, each without the leading `t.yaml`.
struct BadFile: Sendable, CustomTestStringConvertible {
  let name: String
  let text: String
  let messages: [String]

  var testDescription: String { name }

  init(_ name: String, _ text: String, _ messages: String...) {
    self.name = name
    self.text = text
    self.messages = messages
  }

  /// Puts `section` after four good lines that hold the required keys; it begins in line 5.
  static func adding(_ section: String, _ messages: String...) -> BadFile {
    BadFile(name: section, text: goodLines + section, messages: messages)
  }

  private init(name: String, text: String, messages: [String]) {
    self.name = name
    self.text = text
    self.messages = messages
  }

  private static let goodLines = """
    model: m
    calibration: c
    input: {connect: [tcp://a:1]}
    output: {bind: [tcp://*:2]}

    """

  func expectMessages() {
    let faults = #expect(throws: ConfigurationFaults.self) {
      try DaemonConfiguration(yaml: text, file: "t.yaml")
    }
    let lines = (faults?.description ?? "").split(separator: "\n").map { line in
      String(line.dropFirst("t.yaml:".count).drop { $0 == " " })
    }
    #expect(lines == messages)
  }
}

/// All keys that may stand at the top, as a message lists them.
let topKeys: String = list(DaemonConfiguration.knownKeys.filter { !$0.contains(".") })

/// The same of a section.
func sectionKeys(_ section: String) -> String {
  list(
    DaemonConfiguration.knownKeys.filter { $0.hasPrefix(section + ".") }
      .map { String($0.dropFirst(section.count + 1)) })
}

private func list(_ keys: [String]) -> String {
  keys.dropLast().joined(separator: ", ") + " or " + (keys.last ?? "")
}
