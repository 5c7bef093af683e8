internal import ArgumentParser
internal import BoundedNumbers
internal import CommandFrame
internal import EventRecords
internal import RunFiles
internal import TriggerPipeline
internal import ZeroMQ

/// Sockets that receive.
enum ReceivingPattern: String, ExpressibleByArgument, CaseIterable {
  case sub, pull
}

/// `tamis record`.
struct RecordCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "record",
    abstract: "Write a stream of event records to disk.",
    discussion: """
      Good records are written as they came. Refused ones are counted by reason. Recording ends \
      when every source that began a run has ended it, after --events events, after --seconds, or \
      with SIGINT or SIGTERM. In each case the run is closed with a manifest. At the end the lost \
      records, by the senders' sequences, and the refused ones are printed. Unless --features is \
      given, the first records with a right checksum decide the number of features by majority.

      Example:
        tamis record --connect tcp://127.0.0.1:5555 --pattern sub --out run42
      """)

  @OptionGroup var peers: EndpointOptions

  @Option(help: "sub or pull.")
  var pattern = ReceivingPattern.sub

  @Option(help: "The topic to subscribe to.")
  var topic = ""

  @Option(help: "The run folder to write.", completion: .file())
  var out: String

  @Option(help: "Features an event; default: by a vote of the first records.")
  var features: Int?

  @Option(help: "End after this many events.")
  var events: Int?

  @Option(help: "End after this many seconds.")
  var seconds: Double?

  @OptionGroup var replace: ReplaceOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    try check("--features", features, in: 1...65_535)
    try check("--events", events, in: 1...)
    if let seconds, !(seconds > 0 && seconds < 1e9) {
      throw ValidationError("--seconds is positive, not \(seconds)")
    }
  }

  func run() throws {
    var outputs = Outputs()
    outputs.runFolder("--out", out)
    try outputs.check(replacing: replace.force)
    try refuseRunFolder(out, unless: replace.force)
    let stop = StopRequest()
    peers.complainOfUnknownHost()
    let socket = try Socket(try Context(), pattern == .sub ? .sub : .pull)
    if pattern == .sub { try socket.set(.subscribe(Array(topic.utf8))) }
    let opened = try CommandSocket(socket, at: peers)
    defer { withExtendedLifetime(opened) {} }
    let poller = Poller([socket])
    var recorder = StreamRecorder(
      folder: out, featureCount: features, eventCountMax: events, replacing: replace.force)
    let deadlineNs = seconds.map { monotonicNs() +| UInt64(nearest: $0 * 1e9) } ?? .max
    var message = Message()
    var progress = ProgressLine()
    while !recorder.isComplete, monotonicNs() < deadlineNs, !stop.look() {
      try recorder.service()
      guard try poller.wait(timeoutMs: 100) > 0 else { continue }
      for _ in 0..<256 where !recorder.isComplete && monotonicNs() < deadlineNs && !stop.look() {
        guard try socket.receive(into: &message) else { break }
        // The topic part is followed by the records part.
        if message.hasMore { continue }
        try recorder.take(message.bytes)
      }
      progress.show("record \(recorder.eventCount) events")
    }
    progress.finish()
    try recorder.finish()
    recorder.facts(out: out).print(asJSON: output.json)
    if recorder.eventCount == 0 { throw NegativeAnswer(description: "no event came") }
  }
}
