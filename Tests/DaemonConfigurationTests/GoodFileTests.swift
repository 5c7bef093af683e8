internal import CurveSecurity
internal import DaemonConfiguration
internal import Drift
internal import Glibc
internal import Testing
internal import TriggerPipeline

@Suite struct GoodFileTests {
  @Test func fourLinesAreEnough() throws {
    let text = """
      model: m.safetensors
      calibration: /data/c.json
      input: {connect: [tcp://daq:5555]}
      output: {bind: ["tcp://*:5556"]}
      """
    let read = try DaemonConfiguration(yaml: text, file: "/etc/tamis/tamisd.yaml")
    var expected = DaemonConfiguration()
    expected.model = "/etc/tamis/m.safetensors"
    expected.calibration = "/data/c.json"
    expected.pipeline.inputConnect = ["tcp://daq:5555"]
    expected.pipeline.outputBind = ["tcp://*:5556"]
    expected.pipeline.journalPath = "/etc/tamis/journal"
    #expect(read.keys(differingFrom: expected) == [])
  }

  @Test func everyKeyIsTaken() throws {
    let text = """
      instance: 4294967295
      model: 'a model'
      calibration: "c"
      input:
        pattern: sub
        connect: [tcp://a:1, "tcp://[::1]:2"]
        bind: [ipc://in.socket]
        topic: events
        silence_s: 7
        message_bytes_max: 384
        high_water_mark: 1000000
        queue_bytes_max: 1048576
        total_bytes_max: 16777216
      output:
        pattern: push
        connect:
          - tcp://b:65535
          - ipc://@abstract
        bind: [tcp://*:*]
        high_water_mark: 1
        publish: all
        repeat_records: 7
        slow_receiver_s: 86400
      shadow: {model: sm, calibration: /sc}
      flood: {flagged_rate_max: 9}
      journal:
        {path: j, fsync_interval_ms: 0, segment_bytes_max: 65536, segment_age_max_s: 60,
        keep_bytes_max: 131072, keep_age_max_s: 86400, delete_unpublished: true, free_bytes_min: 0}
      catch_up: {bind: [tcp://127.0.0.1:7], reply_bytes_max: 65536, bytes_per_second_max: 0}
      unbiased: {prescale: 0}
      drift:
        false_alarm_hours: 1
        window_events: 100
        rate_window_events: 1000
        ignore: [condition, feature_mean]
        ignore_features: [pt, "4"]
      engine: {precision: exact, batch_max: 1, workers: 0, affinity: [3, 2], slots: 1}
      http: {listen: "", names: [daq01, daq01.example.org]}
      security:
        key_pair: credential:tamisd.key
        clients: clients
        servers: /etc/tamis/servers
        connections_max: 10000
        handshake_timeout_ms: 100
      shutdown: {drain_timeout_ms: 0}
      log: {level: trace, format: json}
      """
    var expected = DaemonConfiguration()
    expected.model = "a model"
    expected.calibration = "c"
    expected.pipeline.instance = .max
    expected.pipeline.inputPattern = .sub
    expected.pipeline.inputConnect = ["tcp://a:1", "tcp://[::1]:2"]
    expected.pipeline.inputBind = ["ipc://in.socket"]
    expected.pipeline.inputTopic = "events"
    expected.pipeline.messageByteCountMax = 384
    expected.pipeline.inputHighWaterMark = 1_000_000
    expected.pipeline.inputQueueByteCountMax = 1_048_576
    expected.pipeline.inputTotalByteCountMax = 16_777_216
    expected.pipeline.inputSilenceS = 7
    expected.pipeline.outputPattern = .push
    expected.pipeline.outputConnect = ["tcp://b:65535", "ipc://@abstract"]
    expected.pipeline.outputBind = ["tcp://*:*"]
    expected.pipeline.outputHighWaterMark = 1
    expected.pipeline.publishesAll = true
    expected.pipeline.repeatRecordCount = 7
    expected.pipeline.slowReceiverS = 86_400
    expected.shadowModel = "sm"
    expected.shadowCalibration = "/sc"
    expected.pipeline.flaggedRateMax = 9
    expected.pipeline.journalPath = "j"
    expected.pipeline.fsyncIntervalMs = 0
    expected.pipeline.segmentByteCountMax = 65_536
    expected.pipeline.segmentAgeMaxS = 60
    expected.pipeline.journalKeepByteCountMax = 131_072
    expected.pipeline.journalKeepAgeMaxS = 86_400
    expected.pipeline.deletesUnpublished = true
    expected.pipeline.journalFreeByteCountMin = 0
    expected.pipeline.catchUp.bind = ["tcp://127.0.0.1:7"]
    expected.pipeline.catchUp.replyByteCountMax = 65_536
    expected.pipeline.catchUp.bytesPerSecondMax = 0
    expected.pipeline.unbiasedPrescale = 0
    expected.pipeline.drift.falseAlarmHours = 1
    expected.pipeline.drift.sampledWindowEventCount = 100
    expected.pipeline.drift.decidedWindowEventCount = 1_000
    expected.pipeline.drift.ignoredChecks = [.condition, .featureMean]
    expected.pipeline.drift.ignoredFeatures = ["pt", "4"]
    expected.pipeline.batchMax = 1
    expected.pipeline.workers = 0
    expected.pipeline.workerProcessors = [3, 2]
    expected.pipeline.ringCapacity = 1
    expected.http.listen = nil
    expected.http.names = ["daq01", "daq01.example.org"]
    expected.security.keyPair = "credential:tamisd.key"
    expected.security.clients = "clients"
    expected.security.servers = "/etc/tamis/servers"
    expected.pipeline.security.connectionCountMax = 10_000
    expected.pipeline.security.handshakeTimeoutMs = 100
    expected.pipeline.drainTimeoutMs = 0
    expected.log.level = .trace
    expected.log.format = .json
    let read = try DaemonConfiguration(yaml: text, file: "tamisd.yaml")
    #expect(read.keys(differingFrom: expected) == [])
    #expect(read == expected)
  }

  /// The largest number and every word of each key are taken, and change that key alone; one more
  /// is refused.
  @Test(arguments: DaemonConfiguration.keys.map(\.name)) func rangesAreWhatTheySay(
    name: String
  ) throws {
    let key = try #require(DaemonConfiguration.keys.first { $0.name == name }?.key)
    func read(_ value: String) throws -> [String] {
      let parts = name.split(separator: ".").map(String.init)
      let value = key.isList ? "[\(value)]" : value
      // `input` and `output` have keys of their own that must be there.
      var sections = ["input": "connect: [tcp://a:1]", "output": "bind: [tcp://*:2]"]
      var text = "model: m\ncalibration: c\n"
      if parts.count == 1 {
        text += "\(name): \(value)\n"
      } else {
        sections[parts[0]] =
          (sections[parts[0]].map { $0 + ", " } ?? "") + "\(parts[1]): \(value)"
      }
      for (section, keys) in sections { text += "\(section): {\(keys)}\n" }
      var plain = DaemonConfiguration()
      plain.model = "m"
      plain.calibration = "c"
      plain.pipeline.inputConnect = ["tcp://a:1"]
      plain.pipeline.outputBind = ["tcp://*:2"]
      return try DaemonConfiguration(yaml: text, file: "t.yaml").keys(differingFrom: plain)
    }
    if let range = key.range {
      #expect(try read("\(range.upperBound)") == [name])
      #expect(throws: ConfigurationFaults.self) { try read("\(range.upperBound + 1)") }
      #expect(throws: ConfigurationFaults.self) { try read("\(range.lowerBound - 1)") }
    }
    for word in key.words { #expect([[], [name]].contains(try read(word))) }
    if let word = key.words.last { #expect(try read(word) == [name]) }
    if !key.words.isEmpty { #expect(throws: ConfigurationFaults.self) { try read("x") } }
  }

  @Test func pathsOfIpcAddressesFollowTheFile() throws {
    let text = """
      model: m
      calibration: c
      input: {bind: [ipc://in.socket, ipc:///run/in.socket]}
      output: {connect: [ipc://@out]}
      catch_up: {bind: [ipc://more.socket]}
      """
    let read = try DaemonConfiguration(yaml: text, file: "site/tamisd.yaml")
    #expect(read.model == "site/m")
    #expect(read.pipeline.inputBind == ["ipc://site/in.socket", "ipc:///run/in.socket"])
    #expect(read.pipeline.outputConnect == ["ipc://@out"])
    #expect(read.pipeline.catchUp.bind == ["ipc://site/more.socket"])
  }

  @Test func aSectionWithoutKeysHasItsDefaults() throws {
    let text = """
      model: m
      calibration: c
      input: {connect: [tcp://a:1]}
      output: {bind: [tcp://*:2]}
      engine:
      #  workers: 2
      log: ~
      """
    let read = try DaemonConfiguration(yaml: text, file: "tamisd.yaml")
    #expect(
      read.keys(differingFrom: DaemonConfiguration()) == [
        "model", "calibration", "input.connect", "output.bind",
      ])
  }

  @Test func aReloadTakesOverWhatDecides() {
    let reloaded = Set(DaemonConfiguration.keys.filter { $0.key.isReloaded }.map(\.name))
    #expect(
      reloaded == [
        "model", "calibration", "shadow.model", "shadow.calibration", "rate_control.points",
        "rate_control.factor_min_percent", "rate_control.factor_max_percent",
        "rate_control.window_events", "rate_control.step_max_percent",
        "rate_control.reaction_fired", "rate_control.hold_events", "rate_control.hold_on_drift",
        "prescales.by", "prescales.rows",
      ])
    var other = DaemonConfiguration()
    other.model = "m"
    other.http.listen = "127.0.0.1:1"
    #expect(other.keysForRestart(differingFrom: DaemonConfiguration()) == ["http.listen"])
  }

  @Test func topicMayBeEmptyWithPull() throws {
    let text =
      "model: m\ncalibration: c\ninput: {bind: [tcp://*:1], topic: \"\"}\n"
      + "output: {bind: [tcp://*:2]}\n"
    #expect(try DaemonConfiguration(yaml: text, file: "t").pipeline.inputTopic == "")
  }
}
