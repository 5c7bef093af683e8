internal import ArgumentParser
internal import BoundedNumbers
internal import CLinux
internal import CommandFrame
internal import EventRecords
internal import NumberText
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
      Records are sent as they were, control records included, with the replayed bit set. A .npy \
      file is sent as run 1 of source 1, with a begin and an end of run. To replay into a daemon \
      that receives from others, choose a run and a source number that they do not use: --as-run, \
      --as-source. A daemon takes a run that it knows as ended only after another begin of run. \
      With --loop each round has higher run numbers, since the daemon would refuse the same \
      records as repeated. Records of different recordings must differ in run, source or sequence. A PUB \
      socket waits for its first subscriber, or for the number of --subscribers: of connections that have \
      subscribed to something, each counted once.

      No wait between two messages is longer than --gap-max: neither one by the records' times (--pace \
      original and xK) nor one by a low RATE/s. A wait that was cut is reported. Records with time 0 are \
      sent without a wait. Files are paced one after another.

      The number of records that the socket has taken is printed at the end, also after SIGINT and \
      SIGTERM and when the receiver goes. Exit status 1 where some records were not taken.

      --inject FILE --every N mixes an event of FILE in after every N recorded events, marked as \
      simulated, from a source number of its own. The daemon keeps such events out of its rates and \
      shows each working point's efficiency for them.

      Examples:
        tamis replay test.run --inject anomalies.run --every 1000 \\
          --connect tcp://127.0.0.1:5555
        tamis replay test.run --bind tcp://127.0.0.1:5555 --pattern push
        tamis replay test.run --connect tcp://127.0.0.1:5555 --pace 20000/s \\
          --batch 16
        tamis replay test.run --connect tcp://127.0.0.1:5555 --as-run 900001 \\
          --as-source 99
      """)

  @Argument(
    help: "EVENTS: runs, segments or .npy files, sent one after another.", completion: .file())
  var events: [String]

  @OptionGroup var peers: EndpointOptions

  @Option(help: "push or pub.")
  var pattern = SendingPattern.push

  @Option(help: "original, max, xK (K times the original speed) or RATE/s (records a second).")
  var pace = Pace.max

  @Option(
    help:
      "The longest wait between two messages, in seconds. A detector that takes data pauses for less than 10."
  )
  var gapMax = 10.0

  @Option(help: "The first run gets this number, further ones those after it.")
  var asRun: UInt32?

  @Option(help: "All records get this source number.")
  var asSource: UInt32?

  @Option(help: "EVENTS to mix in, marked as simulated.", completion: .file())
  var inject: String?

  @Option(help: "With --inject: one after this many recorded events.")
  var every = 1_000

  @Option(help: "With --inject: the source number of the events that are mixed in.")
  var injectSource: UInt32 = 4_000_000_000

  @Flag(help: "Take the mark of simulated events away: they stand for data.")
  var asData = false

  @Option(help: "Records a message.")
  var batch = 64

  @Option(help: "How many times to send everything.")
  var loop = 1

  @Option(help: "The topic part of each message. Default: no such part.")
  var topic: String?

  @Option(help: "pub: begin when this many subscribers are there.")
  var subscribers = 1

  @Option(help: "Seconds to wait for a receiver, at the start and for the last records.")
  var wait = 30.0

  @OptionGroup var output: OutputOptions

  func validate() throws {
    try check("--batch", batch, in: 1...65_536)
    try check("--every", every, in: 1...1_000_000_000)
    try check("--loop", loop, in: 1...1_000_000)
    if !(wait >= 0 && wait <= 86_400) {
      throw ValidationError("--wait is 0 to 86400 seconds, not \(wait)")
    }
    if !(gapMax >= 0 && gapMax <= 1e9) {
      throw ValidationError("--gap-max is 0 to 1e9 seconds, not \(gapMax)")
    }
    if !(1...10_000).contains(subscribers) || subscribers > 1 && pattern != .pub {
      throw ValidationError("--subscribers is 1 to 10000 and goes with --pattern pub")
    }
  }

  func run() throws {
    let stop = StopRequest()
    let recording = try Recording(
      paths: events, asRun: asRun, asSource: asSource, loop: loop, clearsSimulated: asData,
      injectSource: inject == nil ? nil : injectSource)
    for note in recording.notes { complain(note) }
    var injection = try inject.map {
      try Injection(
        path: $0, every: every, source: injectSource, featureCount: recording.featureCount)
    }
    peers.complainOfUnknownHost()
    let sender = try ReplaySender(
      pattern: pattern, at: peers, topic: topic, waitSeconds: wait, stop: stop)
    var replay = Replay(
      pacer: Pacer(pace, gapMaxNs: UInt64(nearest: gapMax * 1e9)), stop: stop,
      total: recording.recordCount *| loop)
    let startNs = monotonicNs()
    var failure: NegativeAnswer?
    do {
      try sender.waitForReceivers(subscribers)
      for round in 0..<loop where !stop.isMade {
        try recording.forEachMessage(batch: batch, round: round, injection: &injection) {
          message, records in
          try replay.send(message, records: records, through: sender)
        }
        replay.pacer.beginAgain()
      }
    } catch let error as NegativeAnswer {
      failure = error
    } catch is Interrupted {
    }
    let isTaken = sender.finish()
    replay.progress.finish()
    replay.facts(
      seconds: Double(monotonicNs() - startNs) * 1e-9, injected: injection?.count
    ).print(asJSON: output.json)
    if let failure { throw failure }
    if replay.sent < replay.total {
      throw NegativeAnswer(description: "interrupted: not all was handed over")
    }
    if !isTaken {
      throw NegativeAnswer(
        description: "the receiver has not taken the rest within \(short(wait)) s: what stood "
          + "in the socket's queue is lost")
    }
  }
}

/// The command was asked to end.
struct Interrupted: Error {}

/// How far a replay has come.
private struct Replay {
  var pacer: Pacer
  let stop: StopRequest
  let total: Int
  var progress = ProgressLine()
  private(set) var sent = 0
  private var gapsCut = 0

  init(pacer: Pacer, stop: StopRequest, total: Int) {
    self.pacer = pacer
    self.stop = stop
    self.total = total
  }

  mutating func send(
    _ message: UnsafeRawBufferPointer, records: Int, through sender: borrowing ReplaySender
  ) throws {
    let timeNs = message.baseAddress.map { EventRecordView($0).timeNs } ?? 0
    let (dueNs, cut) = pacer.due(records: records, timeNs: timeNs, nowNs: monotonicNs())
    if let cut { note(cut) }
    guard stop.sleep(until: dueNs) else { throw Interrupted() }
    try sender.send(message)
    sent += records
    progress.show("replay \(bar(Double(sent) / Double(total))) \(sent) of \(total) records")
  }

  private mutating func note(_ cut: Pacer.Gap) {
    gapsCut += 1
    guard gapsCut <= 10 else { return }
    complain(
      "record \(sent + 1) is due \(exactDurationText(Double(cut.dataNs) * 1e-9)) after the one before it: "
        + "waiting \(Double(cut.waitedNs) * 1e-9) s (--gap-max)"
        + (gapsCut == 10 ? "; further gaps are counted" : ""))
  }

  func facts(seconds: Double, injected: Int?) -> Facts {
    var facts = Facts()
    facts.add("records", .integer(sent))
    if let injected { facts.add("injected", .integer(injected)) }
    if sent < total { facts.add("of", .integer(total)) }
    if gapsCut > 0 { facts.add("gaps_cut", .integer(gapsCut)) }
    facts.add("seconds", .real(seconds))
    facts.add("records_per_second", .real(Double(sent) / max(seconds, 1e-9)))
    return facts
  }
}
