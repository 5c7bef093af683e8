internal import CZeroMQ
internal import Synchronization

/// Decides which peers may connect to the sockets of a context, and counts those that may not.
///
/// It answers the library's questions (the ZeroMQ Authentication Protocol, RFC 27: plain and CURVE
/// peers), and watches the sockets for handshakes that fail before any question is put. Create it
/// before the first socket that it guards; guard each socket before it binds; then let a thread do
/// `run()`. Until then peers wait. There is one in a context.
///
/// Requests of sockets that are not guarded are refused.
package final class ZAPHandler: @unchecked Sendable {
  // Unchecked by the rule above: sockets and watches belong to one thread, first the one that sets
  // up, then that of `run()`.
  private var requests: Socket?
  private var watches: [String: ConnectionWatch] = [:]
  private var reports: FailureReports<HandshakeFailure>
  private var cutReports: FailureReports<ConnectionCut>
  private var penalties: [String: Penalties] = [:]
  private var held: [HeldRequest] = []
  private let policies = Mutex<[String: AdmissionPolicy]>([:])
  private let isStopping = Atomic(false)
  private let report: @Sendable (HandshakeFailure) -> Void
  private let reportCut: @Sendable (ConnectionCut) -> Void

  private static let address = "inproc://zeromq.zap.01"
  /// The most questions that wait at a time. A further one is refused, and its peer may ask again.
  private static let heldCountMax = 1_000
  /// The library closes a connection that was cut off within milliseconds.
  private static let roomLookMs: Int64 = 10
  private static let roomLooksMax = 50

  /// Begins to answer for `context`.
  ///
  /// - Parameters:
  ///   - reportIntervalMs: the least time between two reports of one reason at one socket.
  ///   - report: is told of failures: the first of each reason at each socket at once, then at most
  ///     one an interval. Called on the thread of `run()`.
  ///   - reportCut: the same for connections that were cut off.
  package init(
    _ context: Context, reportIntervalMs: Int = 60_000,
    report: @escaping @Sendable (HandshakeFailure) -> Void = { _ in },
    reportCut: @escaping @Sendable (ConnectionCut) -> Void = { _ in }
  ) throws(ZeroMQError) {
    // Not a REP: a question may be answered later than one that came after it.
    let requests = try Socket(context, .router)
    try requests.set(.routerMandatory(true))
    try requests.bind(Self.address)
    self.requests = requests
    reports = FailureReports(intervalMs: Int64(reportIntervalMs))
    cutReports = FailureReports(intervalMs: Int64(reportIntervalMs))
    self.report = report
    self.reportCut = reportCut
  }

  /// Guards `socket` under `name`, which is its ZAP domain, and sets the options that this takes:
  /// addresses that it binds from now on are guarded. Servers that `connect` connects to are watched and
  /// not judged; they come first, since the library cannot take a domain back. The socket
  /// stays open until `run()` has returned or this is gone.
  ///
  /// - Returns: its counts, which `run()` keeps.
  package func guardSocket(
    _ socket: Socket, as name: String, _ policy: AdmissionPolicy, limits: PeerLimits = .none,
    pressure: ReceiverPressure? = nil, connecting connect: () throws -> Void = {}
  ) throws -> ConnectionCounts {
    precondition(!name.isEmpty && watches[name] == nil, "each socket has a name of its own")
    try socket.set(.handshakeTimeoutMs(policy.handshakeTimeoutMs))
    let watch = try ConnectionWatch(
      socket, named: name, policy, guardian: ConnectionGuard(limits, pressure: pressure))
    penalties[name] = Penalties(handshakeTimeoutMs: policy.handshakeTimeoutMs)
    watches[name] = watch
    policies.withLock { $0[name] = policy }
    try connect()
    try socket.set(.zapDomain(name), .zapEnforced(true))
    return watch.counts
  }

  /// Replaces the public keys that may connect to the sockets that ask for one. Peers that are
  /// connected stay so: the library cannot send them away. Any thread may call it.
  package func allow(_ keys: [CurveKey: String]) {
    policies.withLock { policies in
      for (name, policy) in policies {
        if case .curve = policy.mechanism { policies[name]?.mechanism = .curve(allowed: keys) }
      }
    }
  }

  /// Answers and counts until `stop()`. Blocks its thread; call it once. When it returns, neither the
  /// guarded sockets nor the context are kept open by it. Where it held the last reference, it returns
  /// when the queued messages have left or their linger is over.
  package func run() throws(ZeroMQError) {
    guard let requests else { return }
    defer {
      watches = [:]
      self.requests = nil
    }
    let poller = Poller([requests] + watches.values.map(\.monitor.socket))
    var message = Message()
    while !isStopping.load(ordering: .acquiring) {
      let isAsked = try poller.wait(timeoutMs: watches.values.map(\.periodMs).min() ?? 100) > 0
      let nowMs = tamis_zmq_monotonic_ms()
      // Events first, since peers that have left make room for those that ask. Most wakings are for
      // the looks below alone.
      for watch in watches.values where isAsked || watch.isUncertain {
        try watch.take(nowMs: nowMs) { note($0, of: watch) }
      }
      for (name, watch) in watches {
        watch.lookAtHandshakes(isAnswering: isAsked || !held.isEmpty, nowMs: nowMs) {
          note($0, of: name, nowMs: nowMs)
        }
      }
      while isAsked, let request = try AdmissionRequest.next(from: requests, into: &message) {
        try answer(request, on: requests, nowMs: nowMs)
      }
      try answerHeld(on: requests, nowMs: nowMs)
      for (name, watch) in watches {
        watch.reportSilent { note($0, of: watch) }
        watch.look(nowMs: nowMs) { note($0, of: name, nowMs: nowMs) }
      }
      for failure in reports.takeDue(nowMs: nowMs) { report(failure) }
      for cut in cutReports.takeDue(nowMs: nowMs) { reportCut(cut) }
    }
  }

  /// Lets `run()` return, within a tenth of a second. Any thread may call it.
  package func stop() { isStopping.store(true, ordering: .releasing) }

  private func note(_ cut: ConnectionCut, of name: String, nowMs: Int64) {
    cutReports.add(cut)
    // A receiver that is only slow may come back at once.
    if cut.reason != .slow { penalties[name]?.add(cut.address, nowMs: nowMs) }
  }

  private func note(_ failure: HandshakeFailure, of watch: ConnectionWatch) {
    watch.counts.add(failure.reason, count: failure.count)
    reports.add(failure)
  }

  /// Answers a question at once, or puts it off where its address has to wait.
  private func answer(
    _ request: AdmissionRequest, on requests: Socket, nowMs: Int64
  ) throws(ZeroMQError) {
    if request.isWellFormed,
      let endMs = penalties[request.domain]?.endMs(of: request.address, nowMs: nowMs)
    {
      if held.count < Self.heldCountMax {
        return held.append(HeldRequest(request: request, untilMs: endMs))
      }
      return try refuse(request, AdmissionPolicy.Refusal(reason: .penalty), on: requests)
    }
    try judge(HeldRequest(request: request, untilMs: nowMs), on: requests, nowMs: nowMs)
  }

  private func answerHeld(on requests: Socket, nowMs: Int64) throws(ZeroMQError) {
    if held.isEmpty { return }
    let due = held.filter { $0.untilMs <= nowMs }
    held.removeAll { $0.untilMs <= nowMs }
    for each in due { try judge(each, on: requests, nowMs: nowMs) }
  }

  private func judge(
    _ question: HeldRequest, on requests: Socket, nowMs: Int64
  ) throws(ZeroMQError) {
    let request = question.request
    guard let watch = watches[request.domain],
      let policy = policies.withLock({ $0[request.domain] })
    else {
      _ = try request.reply(on: requests, .denied)
      return
    }
    guard request.isWellFormed else {
      return try refuse(request, AdmissionPolicy.Refusal(reason: .malformed), on: requests)
    }
    switch policy.judge(request.credentials, taken: watch.taken(nowMs: nowMs)) {
    case .success(let user):
      // A peer that has gone while it waited takes no place. The library closes a connection whose peer
      // has told a wrong socket type meanwhile.
      if try request.reply(on: requests, .success, user: user) {
        watch.admit(nowMs: nowMs)
      } else {
        watch.admitLate(nowMs: nowMs)
      }
    case .failure(let refusal):
      if refusal.reason == .connectionLimit,
        let later = waitForRoom(question, at: watch, nowMs: nowMs)
      {
        return held.append(later)
      }
      try refuse(request, refusal, on: requests)
    }
  }

  /// Puts a question off until the peer that gives way to it has gone; nil where none does.
  private func waitForRoom(
    _ question: HeldRequest, at watch: ConnectionWatch, nowMs: Int64
  ) -> HeldRequest? {
    var later = question
    if question.roomLooks == 0 {
      guard held.count < Self.heldCountMax, let cut = watch.makeRoom(nowMs: nowMs)
      else { return nil }
      cutReports.add(cut)
    }
    later.roomLooks += 1
    later.untilMs = nowMs + Self.roomLookMs
    return later.roomLooks > Self.roomLooksMax ? nil : later
  }

  private func refuse(
    _ request: AdmissionRequest, _ refusal: AdmissionPolicy.Refusal, on requests: Socket
  ) throws(ZeroMQError) {
    watches[request.domain]?.counts.add(refusal.reason)
    reports.add(
      HandshakeFailure(
        socket: request.domain, reason: refusal.reason, count: 1, address: request.address,
        key: refusal.key))
    // Room may come; a key does not change by trying again.
    let isTemporary = refusal.reason == .connectionLimit || refusal.reason == .penalty
    _ = try request.reply(on: requests, isTemporary ? .temporary : .denied)
  }
}

/// A question that is put off.
private struct HeldRequest {
  var request: AdmissionRequest
  var untilMs: Int64
  /// Looks so far at whether the peer that gives way has gone.
  var roomLooks = 0
}
