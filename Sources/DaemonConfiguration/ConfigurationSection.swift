internal import CurveSecurity
internal import Drift
internal import RateControl
internal import TriggerPipeline

/// A section of the configuration file, its keys, and what must hold between them.
package struct ConfigurationSection: Sendable {
  /// The name; "" for the keys at the top.
  package let name: String
  /// The keys, in the order in which messages list them.
  package let keys: [ConfigurationKey]
  private let check: @Sendable (SectionReader, DaemonConfiguration) -> Void

  private init(
    _ name: String, _ keys: [ConfigurationKey], isReloaded: Bool = false,
    check: @escaping @Sendable (SectionReader, DaemonConfiguration) -> Void = { _, _ in }
  ) {
    self.name = name
    self.keys = isReloaded ? keys.map(\.reloaded) : keys
    self.check = check
  }

  /// Every key with its range. A missing key leaves the initial value of its property, which is so
  /// the default; `etc/tamisd.yaml` shows all of them, and tests compare it with this table.
  package static let all: [ConfigurationSection] = [
    ConfigurationSection(
      "",
      [
        .integer("instance", \.pipeline.instance, 0...Int(UInt32.max)),
        .requiredPath("model", \.model).reloaded,
        .requiredPath("calibration", \.calibration).reloaded,
      ]),
    ConfigurationSection(
      "input",
      [
        .choice("pattern", \.pipeline.inputPattern),
        .addresses("connect", \.pipeline.inputConnect, for: .connect),
        .addresses("bind", \.pipeline.inputBind, for: .bind),
        .text("topic", \.pipeline.inputTopic),
        .boolean("shared", \.pipeline.isInputShared),
        .integer("silence_s", \.pipeline.inputSilenceS, 1...31_536_000),
        .integer("message_bytes_max", \.pipeline.messageByteCountMax, 384...1_073_741_824),
        .integer("high_water_mark", \.pipeline.inputHighWaterMark, 1...1_000_000),
        .integer(
          "queue_bytes_max", \.pipeline.inputQueueByteCountMax, 1_048_576...1_099_511_627_776),
        .integer(
          "total_bytes_max", \.pipeline.inputTotalByteCountMax, 16_777_216...1_099_511_627_776),
      ], check: checkInput),
    ConfigurationSection(
      "output",
      [
        .choice("pattern", \.pipeline.outputPattern),
        .addresses("connect", \.pipeline.outputConnect, for: .connect),
        .addresses("bind", \.pipeline.outputBind, for: .bind),
        .integer("high_water_mark", \.pipeline.outputHighWaterMark, 1...1_000_000),
        .either("publish", \.pipeline.publishesAll, "flagged", orTrue: "all"),
        .integer("repeat_records", \.pipeline.repeatRecordCount, 0...1_000_000),
        .integer("slow_receiver_s", \.pipeline.slowReceiverS, 1...86_400),
      ],
      check: { section, configuration in
        section.checkEndpoints(
          configuration.pipeline.outputConnect + configuration.pipeline.outputBind)
      }),
    ConfigurationSection(
      "shadow",
      [
        .optionalPath("model", \.shadowModel), .optionalPath("calibration", \.shadowCalibration),
      ], isReloaded: true, check: checkShadow),
    ConfigurationSection(
      "flood", [.integer("flagged_rate_max", \.pipeline.flaggedRateMax, 0...10_000_000)]),
    ConfigurationSection(
      "journal",
      [
        .path("path", \.pipeline.journalPath),
        .integer("fsync_interval_ms", \.pipeline.fsyncIntervalMs, 0...60_000),
        .integer(
          "segment_bytes_max", \.pipeline.segmentByteCountMax, 65_536...1_099_511_627_776),
        .integer("segment_age_max_s", \.pipeline.segmentAgeMaxS, 0...31_536_000),
        .integer(
          "keep_bytes_max", \.pipeline.journalKeepByteCountMax, 0...1_125_899_906_842_624),
        .integer("keep_age_max_s", \.pipeline.journalKeepAgeMaxS, 0...3_153_600_000),
        .boolean("delete_unpublished", \.pipeline.deletesUnpublished),
        .integer(
          "free_bytes_min", \.pipeline.journalFreeByteCountMin, 0...1_125_899_906_842_624),
      ], check: checkJournal),
    ConfigurationSection(
      "catch_up",
      [
        .addresses("bind", \.pipeline.catchUp.bind, for: .bind),
        .integer("reply_bytes_max", \.pipeline.catchUp.replyByteCountMax, 65_536...67_108_864),
        .integer(
          "bytes_per_second_max", \.pipeline.catchUp.bytesPerSecondMax, 0...1_099_511_627_776),
      ]),
    ConfigurationSection(
      "unbiased", [.integer("prescale", \.pipeline.unbiasedPrescale, 0...Int(UInt32.max))]),
    ConfigurationSection(
      "drift",
      [
        .integer("false_alarm_hours", \.pipeline.drift.falseAlarmHours, 1...1_000_000),
        .integer("window_events", \.pipeline.drift.sampledWindowEventCount, 100...1_000_000),
        .integer(
          "rate_window_events", \.pipeline.drift.decidedWindowEventCount, 1_000...1_000_000_000),
        .choices("ignore", \.pipeline.drift.ignoredChecks),
        .texts(
          "ignore_features", \.pipeline.drift.ignoredFeatures, of: "feature name", example: "pt"),
      ]),
    ConfigurationSection(
      "rate_control",
      [
        .controlledPoints("points", \.rateControl.points),
        .integer("factor_min_percent", \.rateControl.factorMinPercent, 1...100),
        .integer("factor_max_percent", \.rateControl.factorMaxPercent, 100...1_000),
        .integer("window_events", \.rateControl.windowEventCount, 1_000...1_000_000_000),
        .integer("step_max_percent", \.rateControl.stepMaxPercent, 1...50),
        .integer("reaction_fired", \.rateControl.reactionFiredCount, 20...1_000_000),
        .integer("hold_events", \.rateControl.holdEventCount, 0...1_000_000_000),
        .choices("hold_on_drift", \.rateControl.holdingChecks),
      ], isReloaded: true, check: checkRateControl),
    ConfigurationSection(
      "prescales",
      [
        .choice("by", \.prescales.axis),
        .prescaleRows("rows", \.prescales.rows, axis: "by"),
      ], isReloaded: true),
    ConfigurationSection(
      "engine",
      [
        .either("precision", \.pipeline.isScreened, "exact", orTrue: "screened"),
        .integer("batch_max", \.pipeline.batchMax, 1...4_096),
        .integer("workers", \.pipeline.workers, 0...256),
        .integers("affinity", \.pipeline.workerProcessors, 0...1_023),
        .integer("slots", \.pipeline.ringCapacity, 1...16_777_216),
      ], check: checkEngine),
    ConfigurationSection(
      "http",
      [
        .listenAddress("listen", \.http.listen),
        .texts("names", \.http.names, of: "name", example: "daq01.example.org"),
      ]),
    ConfigurationSection(
      "security",
      [
        .keyFile("key_pair", \.security.keyPair), .keyFile("clients", \.security.clients),
        .keyFile("servers", \.security.servers),
        .integer("connections_max", \.pipeline.security.connectionCountMax, 1...10_000),
        .integer("handshake_timeout_ms", \.pipeline.security.handshakeTimeoutMs, 100...60_000),
      ], check: checkSecurity),
    ConfigurationSection(
      "shutdown", [.integer("drain_timeout_ms", \.pipeline.drainTimeoutMs, 0...600_000)]),
    ConfigurationSection(
      "log", [.choice("level", \.log.level), .choice("format", \.log.format)]),
  ]

  /// Reads the section into `configuration`.
  func read(_ section: SectionReader, into configuration: inout DaemonConfiguration) {
    for key in keys { key.read(section, &configuration) }
    check(section, configuration)
  }
}

private func checkInput(_ section: SectionReader, _ configuration: DaemonConfiguration) {
  let pipeline = configuration.pipeline
  section.checkEndpoints(pipeline.inputConnect + pipeline.inputBind)
  if pipeline.inputPattern == .sub, pipeline.isInputShared {
    section.report(
      "shared", found: "`true` with the pattern sub", expected: "false",
      remedy: "remove it: a subscriber gets all of a stream")
  }
  if pipeline.inputPattern == .pull, !pipeline.inputTopic.isEmpty {
    section.report(
      "topic", found: "`\(pipeline.inputTopic)` with the pattern pull", expected: "no topic",
      remedy: "remove it, or subscribe with `pattern: sub`")
  }
}

extension SectionReader {
  /// That `connect` or `bind` has an address, where neither has a fault of its own.
  fileprivate func checkEndpoints(_ addresses: [String]) {
    guard addresses.isEmpty, !hasFault("connect"), !hasFault("bind") else { return }
    log.add(
      place, key: String(prefix.dropLast()), found: "neither `connect` nor `bind`",
      expected: "an address in one of them",
      remedy: "write, for example, `connect: [tcp://127.0.0.1:5555]`")
  }
}

private func checkShadow(_ section: SectionReader, _ configuration: DaemonConfiguration) {
  switch (configuration.shadowModel, configuration.shadowCalibration) {
  case (nil, .some):
    section.report(
      "calibration", found: "a calibration without a model",
      expected: "both, or neither for no shadow")
  case (.some, nil):
    section.report(
      "model", found: "a model without a calibration", expected: "both, or neither for no shadow")
  default: break
  }
}

private func checkJournal(_ section: SectionReader, _ configuration: DaemonConfiguration) {
  let (kept, segment) = (
    configuration.pipeline.journalKeepByteCountMax, configuration.pipeline.segmentByteCountMax
  )
  if kept > 0, kept < 2 * segment {
    section.report(
      "keep_bytes_max", found: "\(kept)",
      expected: "at least twice journal.segment_bytes_max, which is \(segment)",
      remedy: "whole segments are deleted, and never the open one: make segments smaller")
  }
}

private func checkRateControl(_ section: SectionReader, _ configuration: DaemonConfiguration) {
  let control = configuration.rateControl
  for point in control.points {
    guard case .falsePositiveRate(let rate) = point.target else { continue }
    let expected = rate * Double(control.windowEventCount)
    guard expected < 1, !section.hasFault("window_events") else { continue }
    section.report(
      "window_events",
      found: "\(control.windowEventCount), in which \(point.name) is expected to "
        + "fire \(expected) times",
      expected: "a window in which it fires at least once",
      remedy: "write \(Int((1 / rate).rounded(.up))) or more")
  }
}

private func checkEngine(_ section: SectionReader, _ configuration: DaemonConfiguration) {
  let (slots, batchMax) = (configuration.pipeline.ringCapacity, configuration.pipeline.batchMax)
  if slots < batchMax {
    section.report(
      "slots", found: "\(slots)", expected: "at least engine.batch_max, which is \(batchMax)")
  }
}

/// Whether there are the keys that sockets which bind or connect need.
private func checkSecurity(_ section: SectionReader, _ configuration: DaemonConfiguration) {
  let (security, pipeline) = (configuration.security, configuration.pipeline)
  if security.keyPair == nil {
    for (name, file) in [("clients", security.clients), ("servers", security.servers)]
    where file != nil {
      section.report(
        name, found: "a file of keys but no `key_pair`", expected: "keys for both ends",
        remedy: "make a key pair with `tamis keygen` and name it in security.key_pair")
    }
    return
  }
  if !pipeline.allBinds.isEmpty, security.clients == nil {
    section.reportMissing(
      "clients", expected: "the file of the keys that may connect, since a socket binds")
  }
  if !pipeline.allConnects.isEmpty, security.servers == nil {
    section.reportMissing(
      "servers", expected: "the file of the servers' public keys, since a socket connects")
  }
}
