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
    top.section("shadow") { shadow = Shadow($0) }
    top.section("flood") { flood.read($0) }
    top.section("journal") { journal.read($0) }
    top.section("catch_up") { catchUp.read($0) }
    top.section("unbiased") { unbiased.read($0) }
    top.section("drift") { drift.read($0) }
    top.section("engine") { engine.read($0) }
    top.section("http") { http.read($0) }
    top.section("security") { section in
      security.read(section)
      security.check(
        section, binds: !(input.bind + output.bind + catchUp.bind).isEmpty,
        connects: !input.connect.isEmpty || !output.connect.isEmpty)
    }
    top.section("shutdown") { shutdown.read($0) }
    top.section("log") { self.log.read($0) }
    reportSharedAddresses(top)
    if output.publish == .all, engine.precision == .screened {
      top.report(
        "output", found: "`publish: all` with engine.precision screened",
        expected: "exact scores of all events that are published",
        remedy: "use `precision: exact` while commissioning")
    }
  }

  private func reportSharedAddresses(_ top: SectionReader) {
    for address in output.bind where input.bind.contains(address) && !address.hasSuffix(":*") {
      top.report(
        "output", found: "`\(address)` in input.bind and output.bind",
        expected: "an address of its own for each")
    }
    for address in catchUp.bind
    where (input.bind + output.bind).contains(address) && !address.hasSuffix(":*") {
      top.report(
        "catch_up", found: "`\(address)` in catch_up.bind and in another section's bind",
        expected: "an address of its own for each")
    }
  }
}

extension DaemonConfiguration.Input {
  fileprivate mutating func read(_ section: SectionReader) {
    pattern = section.choice("pattern", default: pattern)
    (connect, bind) = section.endpoints()
    topic = section.text("topic", expected: "a text", default: topic)
    shared = section.boolean("shared", default: shared)
    silenceS = section.integer("silence_s", in: 1...31_536_000, default: silenceS)
    messageByteCountMax = section.integer(
      "message_bytes_max", in: 384...1_073_741_824, default: messageByteCountMax)
    highWaterMark = section.integer("high_water_mark", in: 1...1_000_000, default: highWaterMark)
    queueByteCountMax = section.integer(
      "queue_bytes_max", in: 1_048_576...1_099_511_627_776, default: queueByteCountMax)
    totalByteCountMax = section.integer(
      "total_bytes_max", in: 16_777_216...1_099_511_627_776, default: totalByteCountMax)
    if pattern == .sub, shared {
      section.report(
        "shared", found: "`true` with the pattern sub", expected: "false",
        remedy: "remove it: a subscriber gets all of a stream")
    }
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
    publish = section.choice("publish", default: publish)
    repeatRecordCount = section.integer(
      "repeat_records", in: 0...1_000_000, default: repeatRecordCount)
    slowReceiverS = section.integer("slow_receiver_s", in: 1...86_400, default: slowReceiverS)
  }
}

extension DaemonConfiguration.Shadow {
  /// nil where both are left out or empty.
  fileprivate init?(_ section: SectionReader) {
    let model = section.text("model", expected: "a path, or \"\" for no shadow", default: "")
    let calibration = section.text(
      "calibration", expected: "a path, or \"\" for no shadow", default: "")
    for (name, path) in [("model", model), ("calibration", calibration)] {
      _ = section.isUnexpanded(path, of: name)
    }
    switch (model.isEmpty, calibration.isEmpty) {
    case (false, false): self.init(model: model, calibration: calibration)
    case (true, true): return nil
    case (true, false):
      section.report(
        "calibration", found: "a calibration without a model",
        expected: "both, or neither for no shadow")
      return nil
    case (false, true):
      section.report(
        "model", found: "a model without a calibration",
        expected: "both, or neither for no shadow")
      return nil
    }
  }
}

extension DaemonConfiguration.Flood {
  fileprivate mutating func read(_ section: SectionReader) {
    flaggedRateMax = section.integer(
      "flagged_rate_max", in: 0...10_000_000, default: flaggedRateMax)
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
    segmentAgeMaxS = section.integer(
      "segment_age_max_s", in: 0...31_536_000, default: segmentAgeMaxS)
    keepByteCountMax = section.integer(
      "keep_bytes_max", in: 0...1_125_899_906_842_624, default: keepByteCountMax)
    keepAgeMaxS = section.integer("keep_age_max_s", in: 0...3_153_600_000, default: keepAgeMaxS)
    deletesUnpublished = section.boolean("delete_unpublished", default: deletesUnpublished)
    freeByteCountMin = section.integer(
      "free_bytes_min", in: 0...1_125_899_906_842_624, default: freeByteCountMin)
    if keepByteCountMax > 0, keepByteCountMax < 2 * segmentByteCountMax {
      section.report(
        "keep_bytes_max", found: "\(keepByteCountMax)",
        expected: "at least twice journal.segment_bytes_max, which is \(segmentByteCountMax)",
        remedy: "whole segments are deleted, and never the open one: make segments smaller")
    }
  }
}

extension DaemonConfiguration.CatchUp {
  fileprivate mutating func read(_ section: SectionReader) {
    bind = section.addresses("bind") { faultOfAddress($0, for: .bind) }
    replyByteCountMax = section.integer(
      "reply_bytes_max", in: 65_536...67_108_864, default: replyByteCountMax)
    bytesPerSecondMax = section.integer(
      "bytes_per_second_max", in: 0...1_099_511_627_776, default: bytesPerSecondMax)
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
    names = section.texts("names", of: "name", example: "daq01.example.org")
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
