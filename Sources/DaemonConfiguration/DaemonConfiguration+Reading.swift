internal import Yams

extension DaemonConfiguration {
  /// Reads a configuration from YAML text. `file` names it in messages, and relative paths are
  /// resolved against its folder. Throws everything that is wrong with it.
  package init(yaml text: String, file: String) throws(ConfigurationFaults) {
    let log = FaultLog()
    let document = YAMLDocument(text, log: log)
    let configuration = withExtendedLifetime(document) {
      document.root.flatMap { DaemonConfiguration(root: $0, log: log) }
    }
    let faults = log.allFaults
    guard let configuration, faults.isEmpty else {
      throw ConfigurationFaults(file: file, faults: faults)
    }
    self = configuration.resolved(againstFolderOf: file)
  }

  /// Every key that may stand in the file, sections first: `input`, `input.pattern`.
  package static var knownKeys: [String] {
    let log = FaultLog()
    _ = DaemonConfiguration(SectionReader(root: Node([(Node, Node)]()), log: log))
    return log.knownKeys
  }

  private init?(root: Node, log: FaultLog) {
    guard case .section = NodeShape(root) else {
      log.add(
        SourcePlace(root), found: NodeShape(root).description,
        expected: "keys such as `model: model.safetensors`")
      return nil
    }
    let top = SectionReader(root: root, log: log)
    self.init(top)
    top.reportUnknownKeys()
  }

  private init(_ top: SectionReader) {
    self.init(
      model: "", calibration: "", input: Input(), output: Output(), journal: Journal())
    instance = UInt32(
      top.integer("instance", in: 0...Int(UInt32.max), default: Int(instance)))
    model = top.requiredPath("model")
    calibration = top.requiredPath("calibration")
    top.section("input") { input.read($0) }
    top.section("output") { output.read($0) }
    top.section("journal") { journal.read($0) }
    top.section("unbiased") { unbiased.read($0) }
    top.section("drift") { drift.read($0) }
    top.section("engine") { engine.read($0) }
    top.section("http") { http.read($0) }
    top.section("shutdown") { shutdown.read($0) }
    top.section("log") { self.log.read($0) }
    reportSharedAddresses(top)
  }

  private func reportSharedAddresses(_ top: SectionReader) {
    for address in output.bind where input.bind.contains(address) && !address.hasSuffix(":*") {
      top.report(
        "output", found: "`\(address)` in input.bind and output.bind",
        expected: "an address of its own for each")
    }
  }
}

extension DaemonConfiguration.Input {
  fileprivate mutating func read(_ section: SectionReader) {
    pattern = section.choice("pattern", default: pattern)
    (connect, bind) = section.endpoints()
    topic = section.text("topic", expected: "a text", default: topic)
    messageByteCountMax = section.integer(
      "message_bytes_max", in: 384...1_073_741_824, default: messageByteCountMax)
    highWaterMark = section.integer("high_water_mark", in: 1...1_000_000, default: highWaterMark)
    if pattern == .pull, !topic.isEmpty {
      section.report(
        "topic", found: "`\(topic)` with the pattern pull", expected: "no topic",
        remedy: "remove it, or subscribe with `pattern: sub`")
    }
  }
}

extension DaemonConfiguration.Output {
  fileprivate mutating func read(_ section: SectionReader) {
    pattern = section.choice("pattern", default: pattern)
    (connect, bind) = section.endpoints()
    highWaterMark = section.integer("high_water_mark", in: 1...1_000_000, default: highWaterMark)
  }
}

extension SectionReader {
  /// `connect` and `bind`, of which one must have an address.
  fileprivate func endpoints() -> (connect: [String], bind: [String]) {
    let faultCount = log.faults.count
    let connect = addresses("connect") { faultOfAddress($0, for: .connect) }
    let bind = addresses("bind") { faultOfAddress($0, for: .bind) }
    if connect.isEmpty, bind.isEmpty, log.faults.count == faultCount {
      log.add(
        place, key: String(prefix.dropLast()), found: "neither `connect` nor `bind`",
        expected: "an address in one of them",
        remedy: "write, for example, `connect: [tcp://127.0.0.1:5555]`")
    }
    return (connect, bind)
  }
}

extension DaemonConfiguration.Journal {
  fileprivate mutating func read(_ section: SectionReader) {
    path = section.path("path") ?? path
    fsyncIntervalMs = section.integer("fsync_interval_ms", in: 0...60_000, default: fsyncIntervalMs)
    segmentByteCountMax = section.integer(
      "segment_bytes_max", in: 65_536...1_099_511_627_776, default: segmentByteCountMax)
  }
}

extension DaemonConfiguration.Unbiased {
  fileprivate mutating func read(_ section: SectionReader) {
    prescale = section.integer("prescale", in: 0...Int(UInt32.max), default: prescale)
  }
}

extension DaemonConfiguration.Engine {
  fileprivate mutating func read(_ section: SectionReader) {
    precision = section.choice("precision", default: precision)
    batchMax = section.integer("batch_max", in: 1...4_096, default: batchMax)
    workers = section.integer("workers", in: 0...256, default: workers)
    affinity = section.integers("affinity", in: 0...1_023)
    slots = section.integer("slots", in: 1...16_777_216, default: slots)
    if slots < batchMax {
      section.report(
        "slots", found: "\(slots)", expected: "at least engine.batch_max, which is \(batchMax)")
    }
  }
}

extension DaemonConfiguration.HTTP {
  fileprivate mutating func read(_ section: SectionReader) {
    let address = section.text(
      "listen", expected: "HOST:PORT, or \"\" for no endpoint", default: listen ?? "")
    if address.isEmpty {
      listen = nil
    } else if let fault = faultOfListenAddress(address) {
      section.report(
        "listen", found: "`\(address)`", expected: fault.expected, remedy: fault.remedy)
    } else {
      listen = address
    }
  }
}

extension DaemonConfiguration.Shutdown {
  fileprivate mutating func read(_ section: SectionReader) {
    drainTimeoutMs = section.integer("drain_timeout_ms", in: 0...600_000, default: drainTimeoutMs)
  }
}

extension DaemonConfiguration.Log {
  fileprivate mutating func read(_ section: SectionReader) {
    level = section.choice("level", default: level)
    format = section.choice("format", default: format)
  }
}
