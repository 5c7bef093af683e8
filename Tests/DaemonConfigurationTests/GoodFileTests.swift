internal import DaemonConfiguration
internal import Glibc
internal import Testing

@Suite struct GoodFileTests {
  @Test func fourLinesAreEnough() throws {
    let text = """
      model: m.safetensors
      calibration: /data/c.json
      input: {connect: [tcp://daq:5555]}
      output: {bind: ["tcp://*:5556"]}
      """
    let read = try DaemonConfiguration(yaml: text, file: "/etc/tamis/tamisd.yaml")
    #expect(
      read
        == DaemonConfiguration(
          model: "/etc/tamis/m.safetensors", calibration: "/data/c.json",
          input: .init(connect: ["tcp://daq:5555"]), output: .init(bind: ["tcp://*:5556"]),
          journal: .init(path: "/etc/tamis/journal")))
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
        repeat_records: 7
        slow_receiver_s: 86400
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
      engine: {precision: exact, batch_max: 1, workers: 0, slots: 1}
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
    var expected = DaemonConfiguration(
      model: "a model", calibration: "c",
      input: .init(connect: ["tcp://a:1", "tcp://[::1]:2"], bind: ["ipc://in.socket"]),
      output: .init(connect: ["tcp://b:65535", "ipc://@abstract"], bind: ["tcp://*:*"]),
      journal: .init(path: "j"))
    expected.instance = .max
    expected.input.pattern = .sub
    expected.input.topic = "events"
    expected.input.messageByteCountMax = 384
    expected.input.highWaterMark = 1_000_000
    expected.input.queueByteCountMax = 1_048_576
    expected.input.totalByteCountMax = 16_777_216
    expected.security.keyPair = "credential:tamisd.key"
    expected.security.clients = "clients"
    expected.security.servers = "/etc/tamis/servers"
    expected.security.connectionCountMax = 10_000
    expected.security.handshakeTimeoutMs = 100
    expected.output.pattern = .push
    expected.output.highWaterMark = 1
    expected.output.repeatRecordCount = 7
    expected.output.slowReceiverS = 86_400
    expected.journal.fsyncIntervalMs = 0
    expected.journal.segmentByteCountMax = 65_536
    expected.journal.segmentAgeMaxS = 60
    expected.journal.keepByteCountMax = 131_072
    expected.journal.keepAgeMaxS = 86_400
    expected.journal.deletesUnpublished = true
    expected.journal.freeByteCountMin = 0
    expected.catchUp.bind = ["tcp://127.0.0.1:7"]
    expected.catchUp.replyByteCountMax = 65_536
    expected.catchUp.bytesPerSecondMax = 0
    expected.unbiased.prescale = 0
    expected.drift.falseAlarmHours = 1
    expected.drift.windowEventCount = 100
    expected.drift.rateWindowEventCount = 1_000
    expected.drift.ignoredChecks = [.condition, .featureMean]
    expected.drift.ignoredFeatures = ["pt", "4"]
    expected.engine.batchMax = 1
    expected.engine.workers = 0
    expected.engine.slots = 1
    expected.http.listen = nil
    expected.http.names = ["daq01", "daq01.example.org"]
    expected.shutdown.drainTimeoutMs = 0
    expected.log.level = .trace
    expected.log.format = .json
    #expect(try DaemonConfiguration(yaml: text, file: "tamisd.yaml") == expected)
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
    #expect(read.input.bind == ["ipc://site/in.socket", "ipc:///run/in.socket"])
    #expect(read.output.connect == ["ipc://@out"])
    #expect(read.catchUp.bind == ["ipc://site/more.socket"])
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
    #expect(read.engine == DaemonConfiguration.Engine())
    #expect(read.log == DaemonConfiguration.Log())
  }

  @Test func topicMayBeEmptyWithPull() throws {
    let text =
      "model: m\ncalibration: c\ninput: {bind: [tcp://*:1], topic: \"\"}\n"
      + "output: {bind: [tcp://*:2]}\n"
    #expect(try DaemonConfiguration(yaml: text, file: "t").input.topic == "")
  }
}
