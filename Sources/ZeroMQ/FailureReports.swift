/// A failure of peers that is counted and reported.
protocol ReportedFailure {
  associatedtype Reason: Hashable
  var socket: String { get }
  var reason: Reason { get }
  var count: Int { get set }
}

extension HandshakeFailure: ReportedFailure {}
extension ConnectionCut: ReportedFailure {}

/// Reports that peers fail to connect, or are cut off: the first time of each reason at each
/// socket, and then at most once in an interval, with their number. A peer that tries again and
/// again therefore does not fill the log.
struct FailureReports<Failure: ReportedFailure> {
  private struct Key: Hashable {
    var socket: String
    var reason: Failure.Reason
  }

  private struct Entry {
    var pending: Failure
    var lastMs: Int64?
  }

  private let intervalMs: Int64
  private var entries: [Key: Entry] = [:]

  init(intervalMs: Int64 = 60_000) { self.intervalMs = intervalMs }

  /// Notes `failure`, whose count is added to the waiting report.
  mutating func add(_ failure: Failure) {
    let key = Key(socket: failure.socket, reason: failure.reason)
    var pending = failure
    pending.count += entries[key]?.pending.count ?? 0
    entries[key, default: Entry(pending: pending)].pending = pending
  }

  /// The failures to report now.
  mutating func takeDue(nowMs: Int64) -> [Failure] {
    var due: [Failure] = []
    for (key, entry) in entries where entry.pending.count > 0 {
      if let lastMs = entry.lastMs, nowMs - lastMs < intervalMs { continue }
      due.append(entry.pending)
      entries[key]?.pending.count = 0
      entries[key]?.lastMs = nowMs
    }
    return due
  }
}
