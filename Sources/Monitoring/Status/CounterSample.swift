internal import BoundedNumbers

/// The counts of a status that later differences are made from.
struct CounterSample {
  var timeNs: UInt64
  var monotonicNs: UInt64
  var received: UInt64
  var missing: UInt64
  var rejected: UInt64
  var scored: UInt64
  var published: UInt64
  var givenUp: UInt64
  var journalBytes: UInt64
  var diskFreeBytes: UInt64?
  var inputBlockedNs: UInt64
  var screenDisagreements: UInt64
  var handshakesFailed: UInt64
  var connectionsCut: UInt64
  /// By name: the order of points changes when another generation comes.
  var points: [String: WindowFacts.Point]
  var latencyCounts: [UInt64]

  init(_ status: DaemonStatus) {
    let ledger = status.ledger
    timeNs = status.takenNs
    monotonicNs = status.monotonicNs
    received = ledger.received
    missing = ledger.lost - min(ledger.late, ledger.lost)
    rejected = ledger.rejected
    scored = ledger.measured
    published = status.output.published
    givenUp = status.output.abandoned +| ledger.shed
    journalBytes = status.journal.bytes
    diskFreeBytes = status.journal.storage?.freeBytes
    inputBlockedNs = ledger.inputBlockedNs
    screenDisagreements = status.screen?.disagreements ?? 0
    handshakesFailed = status.connections?.failed ?? 0
    connectionsCut = status.connections?.cuts.map(\.count).saturatingSum ?? 0
    latencyCounts = status.decisions.latency.counts
    points = [:]
    for point in status.points {
      points[point.name] = WindowFacts.Point(
        fired: point.fired, flagged: point.flagged, flaggedAlone: point.flaggedAlone)
    }
  }
}

extension CounterSample {
  /// By how much the free space of the journal's disk fell; 0 where it is not known.
  func diskBytesTaken(since start: CounterSample) -> UInt64 {
    guard let before = start.diskFreeBytes, let after = diskFreeBytes else { return 0 }
    return rise(after, before)
  }
}

extension WindowFacts {
  /// From `start` to `status`, with the points of the latter.
  init(from start: CounterSample, to status: DaemonStatus) {
    let end = CounterSample(status)
    seconds = rise(start.monotonicNs, end.monotonicNs, as: Double.self) * 1e-9
    received = rise(start.received, end.received)
    lost = rise(start.missing, end.missing)
    rejected = rise(start.rejected, end.rejected)
    scored = rise(start.scored, end.scored)
    published = rise(start.published, end.published)
    givenUp = rise(start.givenUp, end.givenUp)
    journalBytes = rise(start.journalBytes, end.journalBytes)
    let blocked = rise(start.inputBlockedNs, end.inputBlockedNs, as: Double.self) * 1e-9
    deadTimeRatio = seconds > 0 ? min(1, blocked / seconds) : 0
    screenDisagreements = rise(start.screenDisagreements, end.screenDisagreements)
    handshakesFailed = rise(start.handshakesFailed, end.handshakesFailed)
    connectionsCut = rise(start.connectionsCut, end.connectionsCut)
    points = status.points.map { point in
      let before = start.points[point.name] ?? Point(fired: 0, flagged: 0)
      return Point(
        fired: rise(before.fired, point.fired), flagged: rise(before.flagged, point.flagged),
        flaggedAlone: rise(before.flaggedAlone, point.flaggedAlone))
    }
    let latency = status.decisions.latency.since(start.latencyCounts)
    latencyP50Seconds = latency.quantile(0.5)
    latencyP99Seconds = latency.quantile(0.99)
  }
}

extension HistoryPoint {
  /// The step from `start` to `end`, for points of these names.
  init(from start: CounterSample, to end: CounterSample, pointNames: [String]) {
    let seconds = max(1e-9, rise(start.monotonicNs, end.monotonicNs, as: Double.self) * 1e-9)
    self.init(
      timeNs: end.timeNs,
      receivedPerSecond: rise(start.received, end.received, as: Double.self) / seconds,
      lostPerSecond: rise(start.missing, end.missing, as: Double.self) / seconds,
      flaggedPerSecond: pointNames.map { name in
        rise(start.points[name]?.flagged ?? 0, end.points[name]?.flagged ?? 0, as: Double.self)
          / seconds
      })
  }
}

/// By how much a count went up; a late record may make a count of gaps fall.
private func rise(_ before: UInt64, _ after: UInt64) -> UInt64 {
  after > before ? after - before : 0
}

private func rise(_ before: UInt64, _ after: UInt64, as type: Double.Type) -> Double {
  Double(rise(before, after))
}
