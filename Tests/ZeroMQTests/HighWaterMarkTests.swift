internal import Testing
internal import ZeroMQ

@Suite struct HighWaterMarkTests {
  /// Publishes numbers until `publisher` refuses or `limit` are out; returns how many it took.
  private func fill(_ publisher: Socket, limit: Int) throws -> Int {
    for number in 0..<limit {
      let taken = try withUnsafeBytes(of: UInt32(number)) { try publisher.send($0) }
      if !taken { return number }
    }
    return limit
  }

  private func drain(_ subscriber: Socket, count: Int) throws -> [UInt32] {
    var message = Message()
    var numbers: [UInt32] = []
    while numbers.count < count, try subscriber.receive(into: &message, blocking: true) {
      numbers.append(message.bytes.loadUnaligned(as: UInt32.self))
    }
    return numbers
  }

  @Test func noDropRefusesWhereASubscriberIsFull() throws {
    let context = try Context()
    let xpub = try makeSocket(context, .xpub, [.sendHighWaterMark(4), .xpubNoDrop(true)])
    let sub = try makeSocket(context, .sub, [.receiveHighWaterMark(4), .subscribe([])])
    try xpub.bind("inproc://no-drop")
    try sub.connect("inproc://no-drop")
    #expect(try receive(xpub) == [1])

    let taken = try fill(xpub, limit: 1_000)
    #expect((4...16).contains(taken))
    #expect(try drain(sub, count: taken) == (0..<UInt32(taken)).map { $0 })
    // Room is made when the subscriber has read.
    #expect(try eventually { try xpub.send("again") ? true : nil } == true)
    #expect(try receiveText(sub) == "again")
  }

  @Test func withoutItMessagesAreDroppedInSilence() throws {
    let context = try Context()
    let xpub = try makeSocket(context, .xpub, [.sendHighWaterMark(4)])
    let sub = try makeSocket(context, .sub, [.receiveHighWaterMark(4), .subscribe([])])
    try xpub.bind("inproc://drop")
    try sub.connect("inproc://drop")
    #expect(try receive(xpub) == [1])
    #expect(try fill(xpub, limit: 1_000) == 1_000)
    var message = Message()
    var count = 0
    while try sub.receive(into: &message) { count += 1 }
    #expect((4...16).contains(count))
  }

  @Test func noDropWithoutSubscribersTakesEverything() throws {
    let context = try Context()
    let pub = try makeSocket(context, .pub, [.sendHighWaterMark(1), .xpubNoDrop(true)])
    try pub.bind("inproc://nobody-listens")
    #expect(try fill(pub, limit: 100) == 100)
  }

  @Test func partsAfterTheFirstAreNotRefused() throws {
    let context = try Context()
    let xpub = try makeSocket(context, .xpub, [.sendHighWaterMark(2), .xpubNoDrop(true)])
    let sub = try makeSocket(context, .sub, [.receiveHighWaterMark(2), .subscribe([])])
    try xpub.bind("inproc://parts")
    try sub.connect("inproc://parts")
    #expect(try receive(xpub) == [1])
    var taken = 0
    while try xpub.send("topic", more: true) {
      #expect(try xpub.send("body"))
      taken += 1
      if taken > 100 { break }
    }
    #expect((2...8).contains(taken))
    for _ in 0..<taken {
      #expect(try receiveText(sub) == "topic")
      #expect(try receiveText(sub) == "body")
    }
  }

  @Test func pushRefusesAtTheMarkAndPollSaysSo() throws {
    let context = try Context()
    let pull = try makeSocket(context, .pull, [.receiveHighWaterMark(3)])
    let push = try makeSocket(context, .push, [.sendHighWaterMark(3)])
    try pull.bind("inproc://push")
    try push.connect("inproc://push")
    let poller = Poller([push], for: .sendable)
    #expect(try poller.wait(timeoutMs: 0) == 1)
    let taken = try fill(push, limit: 1_000)
    #expect((3...12).contains(taken))
    #expect(try poller.wait(timeoutMs: 0) == 0)
    #expect(try drain(pull, count: taken).count == taken)
    #expect(try poller.wait(timeoutMs: 20_000) == 1)
    #expect(poller.readiness(at: 0) == .sendable)
  }

  /// POLLOUT of PUB and XPUB does not look at the mark: only the send itself tells.
  @Test func pollCallsAFullPublisherSendable() throws {
    let context = try Context()
    let xpub = try makeSocket(context, .xpub, [.sendHighWaterMark(1), .xpubNoDrop(true)])
    let sub = try makeSocket(context, .sub, [.receiveHighWaterMark(1), .subscribe([])])
    try xpub.bind("inproc://poll-full")
    try sub.connect("inproc://poll-full")
    #expect(try receive(xpub) == [1])
    #expect(try fill(xpub, limit: 100) < 100)
    #expect(try xpub.readiness().contains(.sendable))
  }
}
