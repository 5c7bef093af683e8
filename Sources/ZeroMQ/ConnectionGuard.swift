internal import CZeroMQ

/// Watches the bytes and the memory of the connections of one socket, and cuts off those that take
/// more than their share. One thread owns it.
final class ConnectionGuard {
  private let limits: PeerLimits
  private let pressure: ReceiverPressure?
  private let memory = ProcessMemory()
  private var connections: [Int: WatchedConnection] = [:]
  private var lookedMs: Int64 = 0
  /// Input: until when the connections are looked at one by one.
  private var alertUntilMs: Int64 = 0
  /// Until when looks follow each other closely.
  private var quickUntilMs: Int64 = 0
  /// Memory above the usual when looks were last made to follow each other closely.
  private var quickByteCount: Int64 = 0
  private var handshakesLookedMs: Int64 = 0
  /// Whether connections were cut off since, so that memory was freed.
  private var hasFreed = false
  private var memoryCutMs: Int64 = 0
  /// Whether freed memory was given back, so that the rest is really held.
  private var hasTrimmed = false
  // Receivers.
  private var pressureLookedMs: Int64 = 0
  private var refusalCount: UInt64 = 0
  private var blockedLooks = 0
  private var lastBlockedMs: Int64 = 0
  private var slowLimitMs: Int64
  private var slowCutMs: Int64 = 0
  /// Connections that were cut off as slow and are not gone yet.
  private var slowOnes: Set<Int> = []
  /// Of each connection the number up to which it has got no record.
  private var firstNumbers: [Int: UInt64] = [:]
  /// The lowest of those that have gone and may have been receivers.
  private var endedNumber: UInt64?
  // Connections that have ended.
  /// Those that were cut off and that the library may hold still.
  private var cutOnes: [WatchedConnection] = []
  /// Since when, by the socket's inode, those that have ended and are held were seen so.
  private var endedMs: [UInt64: Int64] = [:]

  // Places.
  private var activityLookedMs: Int64 = 0
  private var demandCount: UInt64 = 0
  /// When there was last no connection that could give way.
  private var noRoomMs: Int64 = -1_000

  private static let alertByteCount: Int64 = 8 << 20
  private static let alertMs: Int64 = 1_000
  /// Time for the library to free what a connection that was cut off had brought.
  private static let memoryCutPeriodMs: Int64 = 20
  /// A connection that has brought less has not made memory grow.
  private static let largeByteCount: UInt64 = 65_536
  /// Memory that the daemon may take for itself meanwhile, such as for another model.
  private static let unexplainedByteCountMax: Int64 = 16 << 20
  private static let tricklePeriodMs: Int64 = 10
  private static let pressurePeriodMs: Int64 = 50
  /// The limit on slow receivers halves with each receiver that is cut off, down to this, and is
  /// restored after some time without one. A receiver that comes back at once must not delay the
  /// others for the whole time again.
  private static let slowLimitMsMin: Int64 = 1_000
  private static let slowMemoryMs: Int64 = 600_000
  private static let activityPeriodMs: Int64 = 1_000
  private static let roomPeriodMs: Int64 = 100
  /// A connection that has ended is let go of when its messages were taken.
  private static let heldMsMin: Int64 = 10_000

  init(_ limits: PeerLimits, pressure: ReceiverPressure?) {
    self.limits = limits
    self.pressure = pressure
    slowLimitMs = pressure?.limitMs ?? 0
  }

  /// How soon the next look is due.
  var periodMs: Int {
    // The monitor wakes the thread when a peer comes.
    if connections.isEmpty { return pressure == nil ? 100 : 50 }
    return switch limits {
    // A look costs fifty microseconds of the processor, and a peer brings 30 MB in ten milliseconds.
    case .stream: quickUntilMs > lookedMs ? 1 : alertUntilMs > 0 ? 5 : 10
    case .trickle: 10
    case .none: pressure == nil ? 100 : 50
    }
  }

  /// A connection came. `isNew`: no record can have been sent to it yet.
  func begin(_ descriptor: Int, isIncoming: Bool, isNew: Bool, nowMs: Int64) {
    if let pressure {
      // A descriptor that is known was closed without an event of the monitor.
      if firstNumbers[descriptor] != nil { noteEnd(descriptor) }
      noteGoneBack()
      firstNumbers[descriptor] = isIncoming && isNew ? pressure.sentNumber : 0
    }
    connections[descriptor] = WatchedConnection(
      descriptor: descriptor, isIncoming: isIncoming, nowMs: nowMs)
    if case .stream(let marks, _, _) = limits {
      connections[descriptor]?.mark = marks.mark(of: descriptor)
    }
  }

  /// A connection went. Returns whether it had been cut off as slow, which is noted.
  func end(_ descriptor: Int) -> Bool {
    connections[descriptor] = nil
    noteEnd(descriptor)
    guard slowOnes.remove(descriptor) != nil else { return false }
    pressure?.noteSlowGone()
    return true
  }

  /// All peers that came to us have gone.
  func endIncoming() {
    for (descriptor, connection) in connections where connection.isIncoming { _ = end(descriptor) }
  }

  /// A peer that had got in has gone. It is not certain which of the ended connections it was.
  func noteDeparture() { pressure?.noteGone(after: endedNumber ?? 0) }

  /// None of those that have ended so far can show as a departure later.
  func noteSettled() { endedNumber = nil }

  /// Those who were there when sending turned back got the records again; those who come later do not.
  private func noteGoneBack() {
    guard let lowest = pressure?.takeLowest() else { return }
    firstNumbers = firstNumbers.mapValues { min($0, lowest) }
  }

  private func noteEnd(_ descriptor: Int) {
    guard pressure != nil else { return }
    noteGoneBack()
    let number = firstNumbers.removeValue(forKey: descriptor) ?? 0
    endedNumber = min(endedNumber ?? .max, number)
  }

  /// Cuts off the connection that has been idle longest, where one has been for `idleMs` and is older
  /// than `ageMs`; nil where there is none.
  ///
  /// A peer of an output is idle while it takes nothing and there is something to take. Connections
  /// that are not TCP are left alone, since the kernel does not say what they have sent.
  func makeRoom(idleMs: Int64, ageMs: Int64, nowMs: Int64) -> String? {
    // A flood of peers must leave this thread time for its other work.
    if nowMs - noRoomMs < Self.roomPeriodMs { return nil }
    if nowMs - activityLookedMs >= Self.roomPeriodMs { noteActivity(nowMs: nowMs) }
    let idle = connections.values
      .filter { connection in
        connection.isIncoming && nowMs - connection.beganMs >= ageMs
          && connection.idleSinceMs.map { nowMs - $0 >= idleMs } ?? false
      }
      .sorted { $0.idleSinceMs ?? 0 < $1.idleSinceMs ?? 0 }
    for var connection in idle {
      guard let facts = connection.look(), facts.is_tcp != 0 else { continue }
      connection.noteActivity(facts, isWanted: true, nowMs: nowMs)
      guard connection.idleSinceMs != nil else { continue }
      if end(connection) { return connection.address }
    }
    noRoomMs = nowMs
    return nil
  }

  /// Ends a connection; false where it had gone already.
  private func end(_ connection: WatchedConnection) -> Bool {
    connections[connection.descriptor] = nil
    guard connection.cut() else { return false }
    if case .stream = limits { cutOnes.append(connection) }
    return true
  }

  private func noteActivity(nowMs: Int64) {
    activityLookedMs = nowMs
    let demand = pressure?.demandCount ?? 0
    let isWanted = pressure == nil || demand != demandCount
    demandCount = demand
    each { connection, facts in
      connection.noteActivity(facts, isWanted: isWanted, nowMs: nowMs)
      return nil
    } report: { _, _ in
    }
    if case .stream(let marks, _, _) = limits { marks.noteHeld(heldCount(nowMs: nowMs)) }
  }

  /// The library closes a connection that has ended when the messages that it brought were taken. Where
  /// they never are, as those of a second peer of one identity, it keeps the connection for good.
  private func heldCount(nowMs: Int64) -> Int {
    cutOnes.removeAll { !$0.isHeldAfterEnd }
    let held = (cutOnes + connections.values.filter(\.isHeldAfterEnd)).map(\.inode)
    endedMs = Dictionary(held.map { ($0, endedMs[$0] ?? nowMs) }) { first, _ in first }
    return endedMs.values.count { nowMs - $0 >= Self.heldMsMin }
  }

  /// Looks at all connections. `report` receives those that were cut off.
  func look(nowMs: Int64, established: Int, report: (CutReason, String) -> Void) {
    switch limits {
    case .none: break
    case .trickle(let burst, let perSecond):
      if nowMs - lookedMs >= Self.tricklePeriodMs {
        lookedMs = nowMs
        each { connection, facts in
          connection.exceedsTrickle(facts, burst: burst, perSecond: perSecond, nowMs: nowMs)
            ? .flood : nil
        } report: {
          report($0, $1)
        }
      }
    case .stream(let marks, let undelivered, let total):
      lookAtStream(marks, undelivered, total, nowMs: nowMs, report: report)
    }
    if nowMs - activityLookedMs >= Self.activityPeriodMs { noteActivity(nowMs: nowMs) }
    if let pressure { lookAtReceivers(pressure, established, nowMs: nowMs, report: report) }
  }

  private func each(
    _ judge: (inout WatchedConnection, tamis_connection_facts) -> CutReason?,
    report: (CutReason, String) -> Void
  ) {
    for descriptor in Array(connections.keys) {
      guard var connection = connections[descriptor] else { continue }
      guard let facts = connection.look() else {
        connections[descriptor] = nil
        continue
      }
      let reason = judge(&connection, facts)
      connections[descriptor] = connection
      if let reason { cut(connection, reason, report) }
    }
  }

  private func cut(
    _ connection: WatchedConnection, _ reason: CutReason, _ report: (CutReason, String) -> Void
  ) {
    if end(connection) { report(reason, connection.address) }
  }
}

// MARK: - Handshakes

extension ConnectionGuard {
  /// Ends `count` handshakes that peers began, those that have lasted longest. They are counted as
  /// incomplete, as any that is broken off.
  ///
  /// The library does not say which connections still shake hands. But it has sent a peer that it let in
  /// more than its greeting, and under CURVE its welcome.
  func endHandshakes(_ count: Int, isPlain: Bool) {
    let oldest = connections.values.filter(\.isIncoming).sorted { $0.beganMs < $1.beganMs }
    var left = count
    for connection in oldest where left > 0 {
      guard let facts = connection.look() else { continue }
      guard isBeforeAnswer(facts, isPlain: isPlain) else { continue }
      _ = end(connection)
      left -= 1
    }
  }

  /// Cuts off peers that have sent more than a handshake before they were let in: the library keeps the
  /// properties of a handshake as long as the connection lives, in thirty times the bytes that came.
  ///
  /// Called before questions about peers are answered, so that none is let in unseen.
  func lookAtHandshakes(
    isPlain: Bool, isAnswering: Bool, nowMs: Int64, report: (CutReason, String) -> Void
  ) {
    guard isAnswering || nowMs - handshakesLookedMs >= Self.tricklePeriodMs else { return }
    handshakesLookedMs = nowMs
    for descriptor in Array(connections.keys) {
      guard let connection = connections[descriptor], connection.isIncoming, !connection.isAnswered,
        let facts = connection.look()
      else { continue }
      if !isBeforeAnswer(facts, isPlain: isPlain) {
        connections[descriptor]?.isAnswered = true
      } else if facts.received > Self.handshakeByteCountMax {
        cut(connection, .flood, report)
      }
    }
  }

  /// Whether the peer cannot have been let in; false where that is not known, as of a connection that
  /// is not TCP.
  private func isBeforeAnswer(_ facts: tamis_connection_facts, isPlain: Bool) -> Bool {
    facts.is_tcp != 0
      && facts.acknowledged <= (isPlain ? Self.greetingByteCount : Self.welcomedByteCount)
  }

  /// Twenty times what the longest identity takes with keys: room for properties of the peer's own.
  private static let handshakeByteCountMax: UInt64 = 16_384

  /// 64 bytes, and some for how the kernel counts; the shortest READY has 20 more.
  private static let greetingByteCount: UInt64 = 72
  /// The greeting and a WELCOME of 170 bytes.
  private static let welcomedByteCount: UInt64 = 242
}

// MARK: - Input

extension ConnectionGuard {
  /// While memory stays as it was nothing else is looked at.
  private func lookAtStream(
    _ marks: DeliveryMarks, _ undelivered: Int, _ total: Int, nowMs: Int64,
    report: (CutReason, String) -> Void
  ) {
    let growth = memory.growth()
    lookedMs = nowMs
    let hasNewcomer = noteProofs(marks)
    if alertUntilMs == 0 {
      marks.wantAll(hasNewcomer)
      guard growth >= Self.alertByteCount else { return }
      alertUntilMs = nowMs + Self.alertMs
    }
    var (hasSuspect, hasHolder, hasCut) = (false, false, false)
    var largest: (descriptor: Int, byteCount: UInt64)?
    var sum: UInt64 = 0
    each { connection, facts in
      if connection.exceedsUndelivered(facts, limit: undelivered, marks: marks) {
        return .flood
      }
      hasSuspect = hasSuspect || connection.suspicion != nil
      let byteCount = connection.undelivered(facts)
      sum &+= byteCount
      let isHolder = byteCount >= Self.largeByteCount
      hasHolder = hasHolder || isHolder
      if !isHolder {
        connection.holderSinceLook = nil
      } else if connection.holderSinceLook == nil {
        connection.holderSinceLook = marks.emptyLookCount
      }
      if byteCount > largest?.byteCount ?? 0 { largest = (connection.descriptor, byteCount) }
      return nil
    } report: {
      hasCut = true
      report($0, $1)
    }
    marks.wantAll(hasSuspect || hasHolder || hasNewcomer)
    if (growth - Self.unexplainedByteCountMax) / 2 > Int64(clamping: sum) {
      hasCut = cutHolders(marks, report) || hasCut
    }
    if growth > Int64(total), nowMs - memoryCutMs >= Self.memoryCutPeriodMs {
      memoryCutMs = nowMs
      if let largest, largest.byteCount >= Self.largeByteCount,
        let connection = connections[largest.descriptor]
      {
        hasCut = true
        cut(connection, .memory, report)
      }
    }
    hasFreed = hasFreed || hasCut
    // A suspicion stays until a message comes, however long the connection is silent meanwhile.
    // Otherwise a connection that floods with pauses would never be caught. And memory is not taken for
    // the daemon's own while a connection may hold it: many that each bring little would take any amount.
    if hasSuspect || hasHolder || hasCut { alertUntilMs = nowMs + Self.alertMs }
    quickByteCount = min(quickByteCount, growth)
    if growth >= quickByteCount + Self.alertByteCount || hasCut {
      quickUntilMs = nowMs + Self.alertMs
      quickByteCount = growth
    }
    if nowMs >= alertUntilMs { endAlert(marks) }
  }

  /// Notes whose messages have been taken; whether there is a connection of which none was.
  private func noteProofs(_ marks: DeliveryMarks) -> Bool {
    var hasNewcomer = false
    for (descriptor, connection) in connections where !connection.isProven {
      if marks.mark(of: descriptor) != connection.mark {
        connections[descriptor]?.isProven = true
      } else {
        hasNewcomer = true
      }
    }
    return hasNewcomer
  }

  /// Memory has grown by more than the bytes that have come explain. Cuts off the connections that have
  /// brought much and no message yet, though the socket's owner has taken all that there was: their
  /// handshakes hold it. Returns whether there were any.
  private func cutHolders(_ marks: DeliveryMarks, _ report: (CutReason, String) -> Void) -> Bool {
    let holders = connections.values.filter { connection in
      guard let since = connection.holderSinceLook else { return false }
      return !connection.isProven && marks.emptyLookCount >= since + 2
    }
    if holders.isEmpty { return false }
    // Memory that messages took and that was freed since may still count as taken.
    if !hasTrimmed {
      hasTrimmed = true
      memory.trim()
      return false
    }
    for holder in holders { cut(holder, .flood, report) }
    hasTrimmed = false
    return true
  }

  /// There has been no suspect for a while: the present memory counts as the daemon's own.
  private func endAlert(_ marks: DeliveryMarks) {
    alertUntilMs = 0
    marks.wantAll(false)
    if hasFreed { memory.trim() }
    hasFreed = false
    hasTrimmed = false
    quickByteCount = 0
    memory.accept()
  }
}

// MARK: - Receivers

extension ConnectionGuard {
  /// Finds a receiver that delays others: one that has bytes to take at every look while sends are
  /// refused and another has none, or one that takes nothing at all while others do.
  private func lookAtReceivers(
    _ pressure: ReceiverPressure, _ established: Int, nowMs: Int64,
    report: (CutReason, String) -> Void
  ) {
    for descriptor in pressure.takeUnwanted() {
      if let connection = connections[descriptor] { cut(connection, .flood, report) }
    }
    guard nowMs - pressureLookedMs >= Self.pressurePeriodMs else { return }
    pressureLookedMs = nowMs
    let refusals = pressure.refusalCount
    let isBlocked = refusals != refusalCount
    refusalCount = refusals
    if isBlocked {
      blockedLooks += 1
      lastBlockedMs = nowMs
    } else if nowMs - lastBlockedMs > 1_000, blockedLooks > 0 {
      forgetLooks()
    }
    var unsent = 0
    var lastProgressMs: Int64 = 0
    each { connection, facts in
      unsent += Int(max(0, facts.unsent))
      if facts.unsent <= 0 || facts.acknowledged != connection.acknowledgedByteCount {
        connection.progressMs = nowMs
      }
      if facts.acknowledged != connection.acknowledgedByteCount {
        lastProgressMs = nowMs
      }
      connection.acknowledgedByteCount = facts.acknowledged
      if isBlocked {
        if facts.unsent > 0 { connection.heldLooks += 1 } else { connection.freeLooks += 1 }
      }
      return nil
    } report: { _, _ in
    }
    pressure.noteArrivals(connections.values.map(\.beganMs))
    pressure.noteLook(connections: established, unsentByteCount: unsent)
    if nowMs - slowCutMs > Self.slowMemoryMs { slowLimitMs = pressure.limitMs }
    if connections.count < 2 { return }
    for connection in slowOnes(lastProgressMs: lastProgressMs, nowMs: nowMs) {
      slowOnes.insert(connection.descriptor)
      cut(connection, .slow, report)
      slowCutMs = nowMs
    }
    if slowCutMs == nowMs {
      slowLimitMs = max(min(Self.slowLimitMsMin, pressure.limitMs), slowLimitMs / 2)
      forgetLooks()
    }
  }

  private func slowOnes(lastProgressMs: Int64, nowMs: Int64) -> [WatchedConnection] {
    let all = Array(connections.values)
    if lastProgressMs == nowMs {
      let still = all.filter { nowMs - $0.progressMs >= slowLimitMs }
      if !still.isEmpty, still.count < all.count { return still }
    }
    guard Int64(blockedLooks) * Self.pressurePeriodMs >= slowLimitMs else { return [] }
    let slow = all.filter { $0.heldLooks * 10 >= blockedLooks * 9 }
    let waiting = all.filter { $0.freeLooks * 2 >= blockedLooks }
    return waiting.isEmpty ? [] : slow
  }

  private func forgetLooks() {
    blockedLooks = 0
    for descriptor in connections.keys {
      connections[descriptor]?.heldLooks = 0
      connections[descriptor]?.freeLooks = 0
    }
  }
}
