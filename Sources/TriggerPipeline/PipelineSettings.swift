package import CurveSecurity
package import Drift
package import DurableFiles
internal import RunFiles

/// The endpoints and the bounds of a pipeline. Every bound has its name here. The initial values
/// are the defaults of the configuration file: `DaemonConfiguration` maps its keys to these
/// properties, with the ranges that it allows.
package struct PipelineSettings: Sendable {
  /// How records come in.
  package enum InputPattern: String, CaseIterable, Sendable { case pull, sub }
  /// How flagged records go out.
  package enum OutputPattern: String, CaseIterable, Sendable { case pub, push }

  /// Which daemon this is; written into each flagged record.
  package var instance: UInt32 = 1
  /// The input's pattern.
  package var inputPattern = InputPattern.pull
  /// Endpoints to connect the input to.
  package var inputConnect: [String] = []
  /// Endpoints to bind the input to.
  package var inputBind: [String] = []
  /// The topic that a SUB input asks for.
  package var inputTopic = ""
  /// Whether other daemons take a part of the same stream, as behind one PUSH. Sequence numbers
  /// that are missing here are then not counted as lost.
  package var isInputShared = false
  /// A run or a source without a record for this many seconds gives up its place in the ledger.
  package var inputSilenceS = 3_600
  /// A longer message is refused as oversized. One longer than twice this closes its connection
  /// unread.
  package var messageByteCountMax = 1 << 20
  /// Messages that ZeroMQ may hold for each sender before it makes the sender wait (or drop).
  package var inputHighWaterMark = 1_000
  /// Bytes that ZeroMQ may hold for each sender. Where messages are large the queue holds fewer of
  /// them.
  package var inputQueueByteCountMax = 512 << 20
  /// Bytes that ZeroMQ may hold for all senders together.
  package var inputTotalByteCountMax = 1 << 30
  /// The output's pattern.
  package var outputPattern = OutputPattern.pub
  /// Endpoints to connect the output to.
  package var outputConnect: [String] = []
  /// Endpoints to bind the output to.
  package var outputBind: [String] = []
  /// Records that ZeroMQ may hold for each receiver; more wait in the journal.
  package var outputHighWaterMark = 10_000
  /// The number of records that are sent again where it is not certain that they arrived. 0 stands
  /// for as many as the queues and buffers on both sides can hold.
  package var repeatRecordCount = 0
  /// How long one receiver may delay the others, in seconds. Then it is cut off.
  package var slowReceiverS = 30
  /// The journal's folder.
  package var journalPath = "journal"
  /// The journal's files where they are not on a disk; nil for the folder `journalPath`.
  package var store: (any FolderStore)?
  /// Where the journal's files are.
  var journalStore: any FolderStore { store ?? DiskFolder(journalPath) }
  /// A journal segment is closed when it would grow beyond this.
  package var segmentByteCountMax = 1 << 30
  /// A journal segment is closed this many seconds after its first record; 0 never.
  package var segmentAgeMaxS = 0
  /// Old segments are deleted while the journal has more bytes than this; 0 keeps all.
  package var journalKeepByteCountMax = 0
  /// Segments are deleted this many seconds after their last record; 0 keeps all.
  package var journalKeepAgeMaxS = 0
  /// Whether records that were not published may be deleted, too.
  package var deletesUnpublished = false
  /// Below this many free bytes the journal warns, and deletes early the segments that its limits
  /// allow it to delete.
  package var journalFreeByteCountMin = 256 << 20
  /// The service for consumers that missed records.
  package var catchUp = CatchUpSettings()
  /// The longest time from the writing of a record until the disk has it, in milliseconds. 0: the
  /// disk has it before it is published.
  package var fsyncIntervalMs = 100
  /// One in this many events is kept whatever its score; 0 for none.
  package var unbiasedPrescale: UInt32 = 10_000
  /// Whether events that no working point and no sample keeps are journaled and published, too,
  /// with reasons 0.
  package var publishesAll = false
  /// The largest number of flagged events that are kept in a second, averaged over some seconds; 0
  /// for no cap.
  package var flaggedRateMax = 0
  /// The settings of the comparison with the calibration's background.
  package var drift = DriftSettings()
  /// Whether events are screened in 8-bit integers before they are scored.
  package var isScreened = false
  /// The processors that the scoring threads are bound to, in turn. Without one all threads are
  /// left to the scheduler. Other threads keep off these processors where any other is left. With
  /// `workers` 0 the one thread is bound to the first.
  package var workerProcessors: [Int] = []
  /// The largest batch that is scored at once.
  package var batchMax = 256
  /// Scoring threads; 0 does everything in one thread.
  package var workers = 1
  /// The number of records that may be between input and output.
  package var ringCapacity = 16_384
  /// How long the end may take after it was asked for.
  package var drainTimeoutMs = 10_000
  /// Where time comes from; tests simulate it.
  package var clock = PipelineClock.system
  /// Whether the owner waits for the disk at moments of its choice, and no thread does: for tests.
  package var flushesByHand = false
  /// Keys and limits of the sockets.
  package var security = SocketSecurity()

  /// The defaults above.
  package init() {}

  /// All addresses that sockets bind.
  package var allBinds: [String] { inputBind + outputBind + catchUp.bind }
  /// All addresses that sockets connect to.
  package var allConnects: [String] { inputConnect + outputConnect }

  var journalLimits: JournalLimits {
    var limits = JournalLimits()
    limits.byteCountMax = journalKeepByteCountMax
    limits.ageMaxS = journalKeepAgeMaxS
    limits.deletesUnpublished = deletesUnpublished
    return limits
  }
}

/// How records that a consumer has missed are served.
package struct CatchUpSettings: Sendable {
  /// Endpoints to bind. Without one there is no catch-up.
  package var bind: [String] = []
  /// The longest records part of a reply; one record is always sent.
  package var replyByteCountMax = 1 << 20
  /// Bytes read from the journal in a second, for all peers together; 0 is no limit.
  package var bytesPerSecondMax = 100 << 20

  /// The defaults above.
  package init() {}
}
