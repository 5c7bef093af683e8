internal import ArgumentParser
internal import CLinux
internal import EventRecords
internal import StrictJSON
internal import TriggerPipeline
internal import ZeroMQ

/// Sockets that send.
enum SendingPattern: String, ExpressibleByArgument, CaseIterable {
  case push, pub
}

/// `tamis replay`.
struct ReplayCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Send recorded events to a socket.",
    discussion: """
      Records go out as they were, control records included, with the replayed bit set. A .npy \
      file is sent as run 1 of source 1, with a begin and an end of run. With --loop the run \
      number rises by one each time round, since a repeated run would be refused as repeated. \
      A PUB socket waits for its first subscriber.

      Examples:
        tamis replay test.run --bind tcp://127.0.0.1:5555 --pattern push
        tamis replay test.run --connect tcp://127.0.0.1:5555 --pace 20000/s --batch 16
        tamis replay test.run --connect tcp://127.0.0.1:5555 --pace original
      """)

  @Argument(help: "EVENTS: runs, segments or .npy files, sent one after another.")
  var events: [String]

  @Option(help: "Bind this endpoint.")
  var bind: String?

  @Option(help: "Connect to this endpoint.")
  var connect: String?

  @Option(help: "push or pub.")
  var pattern = SendingPattern.push

  @Option(help: "original, max, xK (K times the original speed) or RATE/s (records a second).")
  var pace = Pace.max

  @Option(help: "Records a message.")
  var batch = 64

  @Option(help: "Send everything so many times.")
  var loop = 1

  @Option(help: "The topic part of each message; none unless given.")
  var topic: String?

  @Option(help: "Seconds to wait for a receiver, at the start and for the last records.")
  var wait = 30.0

  @OptionGroup var curve: CurveOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if (bind == nil) == (connect == nil) {
      throw ValidationError("one of --bind and --connect is needed")
    }
    try curve.validate(binds: bind != nil)
    if !(1...65_536).contains(batch) {
      throw ValidationError("--batch is 1 to 65536, not \(batch)")
    }
    if !(1...1_000_000).contains(loop) {
      throw ValidationError("--loop is 1 to 1000000, not \(loop)")
    }
    if !(wait >= 0 && wait <= 86_400) {
      throw ValidationError("--wait is 0 to 86400 seconds, not \(wait)")
    }
  }

  func run() throws {
    let recording = try Recording(paths: events)
    let sender = try ReplaySender(
      pattern: pattern, bind: bind, connect: connect, topic: topic, waitSeconds: wait,
      curve: curve)
    try sender.waitForReceiver()
    var pacer = Pacer(pace)
    var progress = ProgressLine()
    let total = recording.recordCount * loop
    var sent = 0
    let startNs = monotonicNs()
    for round in 0..<loop {
      try recording.forEachMessage(batch: batch, round: round) { message, records in
        pacer.wait(
          records: records, timeNs: message.baseAddress.map { EventRecordView($0).timeNs } ?? 0)
        try sender.send(message)
        sent += records
        progress.show("replay \(bar(Double(sent) / Double(total))) \(sent) of \(total) records")
      }
      pacer.beginAgain()
    }
    sender.finish()
    progress.finish()
    let seconds = Double(monotonicNs() - startNs) * 1e-9
    var facts = Facts()
    facts.add("records", .integer(sent))
    facts.add("seconds", .real(seconds))
    facts.add("records_per_second", .real(Double(sent) / max(seconds, 1e-9)))
    facts.print(asJSON: output.json)
  }
}
