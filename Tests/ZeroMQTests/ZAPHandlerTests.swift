internal import Glibc
internal import Testing
internal import ZeroMQ

/// Who gets in, and how those who do not are counted.
@Suite struct ZAPHandlerTests {
  @Test func aKnownKeyGetsInAndAStrangerDoesNot() throws {
    let server = try CurveKeyPair.generate()
    let (friend, stranger) = (try CurveKeyPair.generate(), try CurveKeyPair.generate())
    let door = try Door(.curve(allowed: [friend.publicKey: "friend"]), server: server)
    #expect(try door.reaches(.curveClient(serverKey: server.publicKey, keys: friend)))
    #expect(
      try door.refuses(
        .curveClient(serverKey: server.publicKey, keys: stranger), as: .unknownKey))
    #expect(eventually { door.counts.figures.accepted == 1 ? true : nil } == true)
    #expect(door.counts.figures.failed == [.unknownKey: 1])
    let said = door.reports.all
    #expect(said.count == 1)
    #expect(said.first?.key == stranger.publicKey)
    #expect(said.first?.address == "127.0.0.1")
    #expect(said.first?.socket == "door")
  }

  @Test func aPlainPeerAndAWrongServerKeyAreToldApart() throws {
    let server = try CurveKeyPair.generate()
    let friend = try CurveKeyPair.generate()
    let door = try Door(.curve(allowed: [friend.publicKey: "friend"]), server: server)
    // Each end reads the other's greeting, and the first one that sees that they do not agree goes:
    // which is told apart in the two tests below.
    let context = try Context()
    let plain = try (0..<20).map { _ in try door.peer(context, nil) }
    let isCounted = eventually { () -> Bool? in
      let failed = door.counts.figures.failed
      return failed[.mechanism, default: 0] + failed[.incomplete, default: 0] >= 20 ? true : nil
    }
    #expect(isCounted == true)
    #expect(Set(door.counts.figures.failed.keys).isSubset(of: [.mechanism, .incomplete]))
    withExtendedLifetime(plain) {}
    #expect(try !door.reaches(nil, waitMs: 300))
    #expect(door.counts.figures.failed[.serverKey] == nil)
    #expect(
      try door.refuses(.curveClient(serverKey: friend.publicKey, keys: friend), as: .serverKey))
    #expect(door.counts.figures.accepted == 0)
    #expect(door.counts.figures.failed[.unknownKey] == nil)
  }

  /// What a plain peer sends first: signature, version 3.0, and its mechanism.
  private static let plainGreeting: [UInt8] =
    [0xFF] + [UInt8](repeating: 0, count: 8) + [0x7F, 3, 0] + Array("NULL".utf8)
    + [UInt8](repeating: 0, count: 48)

  @Test func aPlainPeerWhoseGreetingCameCountsAsMechanism() throws {
    let door = try Door(.curve(allowed: [:]), server: try CurveKeyPair.generate())
    let peer = rawConnection(door.port, sending: Self.plainGreeting)
    defer { close(peer) }
    try door.expect(.mechanism, atLeast: 1)
    #expect(door.counts.figures.failed == [.mechanism: 1])
  }

  /// It has told nothing but that it speaks ZMTP 3 when it reads that CURVE is wanted, and goes.
  @Test func aPlainPeerThatReadsOurGreetingFirstCountsAsIncomplete() throws {
    let door = try Door(.curve(allowed: [:]), server: try CurveKeyPair.generate())
    let peer = rawConnection(door.port, sending: Array(Self.plainGreeting.prefix(11)))
    var greeting = [UInt8](repeating: 0, count: 64)
    #expect(recv(peer, &greeting, 64, CInt(MSG_WAITALL)) == 64)
    #expect(greeting[12..<17].elementsEqual("CURVE".utf8))
    close(peer)
    try door.expect(.incomplete, atLeast: 1)
    #expect(door.counts.figures.failed == [.incomplete: 1])
  }

  /// An address whose peer was cut off waits at the door, and is let in then.
  @Test func aNeighbourOfOneThatWasCutOffGetsIn() throws {
    let door = try Door(
      .plain, limits: .trickle(burstByteCount: 10_000, bytesPerSecond: 10))
    let context = try Context()
    for round in 1...3 as ClosedRange<UInt64> {
      let offender = try door.peer(context, nil)
      _ = try offender.send(String(repeating: "x", count: 1_000_000), blocking: true)
      let isCut = eventually { door.counts.figures.cut[.flood, default: 0] >= round ? true : nil }
      #expect(isCut == true)
      let neighbour = try door.peer(try Context(), nil)
      #expect(try neighbour.send("hello", blocking: true))
      // The offender's message may have come in before it was cut off.
      var received = try receiveText(door.server)
      for _ in 0..<10 where received != "hello" { received = try receiveText(door.server) }
      #expect(received == "hello")
    }
    #expect(door.counts.figures.failed[.penalty] == nil)
  }

  /// Who has shaken hands longest gives way, and who is in stays.
  @Test(arguments: [0, 1, 11])
  func handshakesAreLimitedAndTheOldestGiveWay(sentByteCount: Int) throws {
    let sent = Array(Self.plainGreeting.prefix(sentByteCount))
    let door = try Door(.plain, handshakeTimeoutMs: 60_000, handshakeCountMax: 4)
    let context = try Context()
    let inside = try door.peer(context, nil)
    #expect(try inside.send("first", blocking: true))
    #expect(try receiveText(door.server) == "first")
    // From here on nobody who was let in is still shaking hands: its end could be taken for another's.
    #expect(eventually { door.counts.figures.accepted == 1 ? true : nil } == true)
    let halfOpen = (0..<50).map { _ in rawConnection(door.port, sending: sent) }
    defer { halfOpen.forEach { close($0) } }
    try door.expect(.incomplete, atLeast: 40)
    #expect(door.counts.figures.failed.keys.elementsEqual([.incomplete]))
    #expect(try door.reaches(nil))
    #expect(try inside.send("second", blocking: true))
    #expect(try receiveText(door.server) == "second")
    // The one who came last may have been in that moment when one of the others ended.
    let failed = door.counts.figures.failed
    #expect(failed[.wrongSocketType, default: 0] <= 1)
    #expect(Set(failed.keys).isSubset(of: [.incomplete, .wrongSocketType]))
  }

  @Test func aListThatHasChangedCountsAtOnce() throws {
    let server = try CurveKeyPair.generate()
    let (first, second) = (try CurveKeyPair.generate(), try CurveKeyPair.generate())
    let door = try Door(.curve(allowed: [first.publicKey: ""]), server: server)
    func client(_ keys: CurveKeyPair) -> SocketOption {
      .curveClient(serverKey: server.publicKey, keys: keys)
    }
    #expect(try door.refuses(client(second), as: .unknownKey))
    door.gatekeeper.allow([second.publicKey: "second"])
    #expect(try door.reaches(client(second)))
    #expect(try door.refuses(client(first), as: .unknownKey))
  }

  /// Plain peers of any kind come in, up to the limit; who leaves makes room.
  @Test func connectionsAreLimitedForPlainPeersToo() throws {
    let door = try Door(.plain, connectionCountMax: 2)
    let context = try Context()
    var peers = try (0..<2).map { _ in try door.peer(context, nil) }
    for peer in peers { #expect(try peer.send("x", blocking: true)) }
    _ = eventually { door.counts.figures.established == 2 ? true : nil }
    let third = try door.peer(context, nil)
    try third.set(.sendTimeoutMs(300))
    #expect(try !third.send("x", blocking: true))
    try door.expect(.connectionLimit, atLeast: 1)
    _ = eventually { door.counts.figures.established == 2 ? true : nil }
    #expect(eventually { door.counts.figures.accepted == 2 ? true : nil } == true)
    // The third keeps trying, as status 300 tells it.
    peers.removeLast()
    try third.set(.sendTimeoutMs(60_000))
    #expect(try third.send("x", blocking: true))
  }

  /// Peers that do nothing give their places to those that come; who sends keeps its own.
  @Test func idlePeersMakeRoom() throws {
    let door = try Door(
      .plain, connectionCountMax: 3, handshakeTimeoutMs: 100, idleMsMin: 1_500)
    let context = try Context()
    let sender = try door.peer(context, nil)
    let idle = try (0..<2).map { _ in try door.peer(context, nil) }
    for peer in [sender] + idle { #expect(try peer.send("x", blocking: true)) }
    for _ in 0..<3 { #expect(try receiveText(door.server) == "x") }
    func exchange() throws {
      #expect(try sender.send(String(repeating: "y", count: 200), blocking: true))
      #expect(try receiveText(door.server)?.count == 200)
    }
    for _ in 0..<30 {
      try exchange()
      usleep(100_000)
    }
    // Both the sender and this one get in and stay; an idle one had to go. The sender goes on meanwhile,
    // or it would be idle as well where that takes its time.
    do {
      let comer = try door.peer(try Context(), nil)
      let isIn = try eventually { () -> Bool? in
        try exchange()
        return try comer.send("hello") ? true : nil
      }
      #expect(isIn == true)
      #expect(try receiveText(door.server) == "hello")
    }
    #expect(door.counts.figures.cut[.idle, default: 0] >= 1)
    #expect(try sender.send("still here", blocking: true))
    #expect(try receiveText(door.server) == "still here")
    #expect(door.counts.figures.cut.keys.elementsEqual([.idle]))
    // Their sockets close with the last use.
    withExtendedLifetime(idle) {}
  }

  /// Receivers are idle only while there is something to take.
  @Test func receiversKeepTheirPlacesWhileNothingIsSent() throws {
    let pressure = ReceiverPressure(limitMs: 60_000)
    let door = try Door(
      .plain, connectionCountMax: 1, handshakeTimeoutMs: 100, idleMsMin: 300, pressure: pressure)
    let context = try Context()
    let first = try door.peer(context, nil)
    #expect(try first.send("x", blocking: true))
    _ = eventually { door.counts.figures.established == 1 ? true : nil }
    let second = try door.peer(try Context(), nil)
    try second.set(.sendTimeoutMs(3_000))
    #expect(try !second.send("x", blocking: true))
    #expect(door.counts.figures.cut.isEmpty)
    // The first takes nothing of what is there.
    try second.set(.sendTimeoutMs(60_000))
    let asks = startThread { for _ in 0..<200 { pressure.noteDemand(); usleep(50_000) } }
    #expect(try second.send("x", blocking: true))
    pthread_join(asks, nil)
    #expect(door.counts.figures.cut[.idle, default: 0] >= 1)
  }

  /// Records that were sent before a receiver came cannot be lost with it, unless they were sent again
  /// while it was there.
  @Test func aPeerThatGoesHadNothingFromBeforeItCame() throws {
    let pressure = ReceiverPressure(limitMs: 60_000)
    let door = try Door(.plain, pressure: pressure)
    let context = try Context()
    func lost(while act: () -> Void = {}) throws -> UInt64? {
      let count = pressure.goneCount
      var peer: Socket? = try door.peer(context, nil)
      #expect(try peer?.send("x", blocking: true) == true)
      act()
      peer = nil
      return eventually { pressure.goneCount != count ? pressure.takeGoneAfter() : nil }
    }
    let first = try door.peer(context, nil)
    #expect(try first.send("x", blocking: true))
    _ = eventually { door.counts.figures.established == 1 ? true : nil }
    pressure.noteSent(100)
    #expect(try lost() == 100)
    #expect(try lost { pressure.noteSent(120) } == 100)
    #expect(try lost { pressure.noteGoneBack(to: 40) } == 40)
    #expect(try lost { pressure.noteSent(140) } == 40)
    pressure.noteSent(150)
    #expect(try lost() == 150)
    withExtendedLifetime(first) {}
  }

  @Test func curveClientsBeyondTheLimitWaitTheirTurn() throws {
    let server = try CurveKeyPair.generate()
    let keys = try CurveKeyPair.generate()
    let door = try Door(
      .curve(allowed: [keys.publicKey: ""]), server: server, connectionCountMax: 1)
    let context = try Context()
    let options = SocketOption.curveClient(serverKey: server.publicKey, keys: keys)
    var first: Socket? = try door.peer(context, options)
    #expect(try first?.send("x", blocking: true) == true)
    let second = try door.peer(context, options)
    try second.set(.sendTimeoutMs(300))
    #expect(try !second.send("x", blocking: true))
    try door.expect(.connectionLimit, atLeast: 1)
    first = nil
    try second.set(.sendTimeoutMs(60_000))
    #expect(try second.send("x", blocking: true))
  }

  @Test func silentAndGarbledConnectionsAreCountedAndClosed() throws {
    let door = try Door(.plain, handshakeTimeoutMs: 2_000)
    let silent = (0..<5).map { _ in rawConnection(door.port) }
    let garbled = (0..<3).map { _ in rawConnection(door.port, sending: "GET / HTTP/1.1\r\n\r\n") }
    defer { (silent + garbled).forEach { close($0) } }
    try door.expect(.incomplete, atLeast: 5)
    try door.expect(.malformed, atLeast: 3)
    #expect(door.counts.figures.failed == [.incomplete: 5, .malformed: 3])
    #expect(eventually { door.counts.figures.open == 0 ? true : nil } == true)
    #expect(try door.reaches(nil))
    #expect(eventually { door.counts.figures.accepted == 1 ? true : nil } == true)
  }

  @Test func questionsOfOthersAreAnsweredWithNo() throws {
    let door = try Door(.plain)
    let requester = try makeSocket(door.context, .req)
    try requester.connect("inproc://zeromq.zap.01")
    func status(_ parts: [[UInt8]]) throws -> String? {
      for (index, part) in parts.enumerated() {
        _ = try send(part, to: requester, more: index < parts.count - 1)
      }
      var answer: [String?] = []
      for _ in 0..<6 { answer.append(try receiveText(requester)) }
      #expect(answer[0] == "1.0")
      #expect(answer[1] == (parts.count > 1 ? String(decoding: parts[1], as: UTF8.self) : ""))
      return answer[2]
    }
    func request(_ texts: String...) -> [[UInt8]] { texts.map { Array($0.utf8) } }
    #expect(try status(request("1.0", "7", "door", "1.2.3.4", "", "NULL")) == "200")
    #expect(try status(request("1.0", "7", "elsewhere", "1.2.3.4", "", "NULL")) == "400")
    #expect(try status(request("1.0", "7", "door", "1.2.3.4", "", "CURVE", "short")) == "400")
    #expect(try status(request("1.0", "7", "door", "1.2.3.4", "", "PLAIN", "me", "word")) == "400")
    #expect(try status(request("2.0", "7", "door", "1.2.3.4", "", "NULL")) == "400")
    #expect(try status(request("1.0")) == "400")
    #expect(try status(request("")) == "400")
    let long = [UInt8](repeating: 65, count: 1_000_000)
    #expect(try status([Array("1.0".utf8), [55], Array("door".utf8), long, [], []]) == "400")
    #expect(
      try status(request("1.0", "7", "door") + [[UInt8]](repeating: [65], count: 100)) == "400")
    #expect(door.counts.figures.failed[.malformed] == 3)
    #expect(door.counts.figures.failed[.mechanism] == 2)
  }

  @Test func oneReportAnIntervalAndReason() throws {
    let server = try CurveKeyPair.generate()
    let door = try Door(.curve(allowed: [:]), server: server, reportIntervalMs: 600)
    let began = ContinuousClock.now
    let context = try Context()
    let peers = try (0..<20).map { _ in
      try door.peer(
        context, .curveClient(serverKey: server.publicKey, keys: try CurveKeyPair.generate()))
    }
    try door.expect(.unknownKey, atLeast: 20)
    let areReported = eventually { () -> Bool? in
      let told = door.reports.all.filter { $0.reason == .unknownKey }
      return told.reduce(0) { $0 + $1.count } >= 20 ? true : nil
    }
    #expect(areReported == true)
    // The first is told at once, the others when an interval is over.
    let intervals = (ContinuousClock.now - began) / .milliseconds(600)
    let count = door.reports.all.count { $0.reason == .unknownKey }
    #expect(count >= 2 && count <= 2 + Int(intervals))
    withExtendedLifetime(peers) {}
  }
}
