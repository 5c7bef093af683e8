internal import Testing
internal import ZeroMQ

@Suite struct PatternTests {
  @Test func pushToPullKeepsOrder() throws {
    let context = try Context()
    let pull = try makeSocket(context, .pull)
    let push = try makeSocket(context, .push)
    try join(pull, push)
    for number in 0..<100 { #expect(try send([UInt8(number)], to: push)) }
    for number in 0..<100 { #expect(try receive(pull) == [UInt8(number)]) }
  }

  @Test func subscriberGetsItsTopicsOnly() throws {
    let context = try Context()
    let xpub = try makeSocket(context, .xpub)
    let sub = try makeSocket(context, .sub, [.subscribe(Array("flagged".utf8))])
    try join(xpub, sub)
    #expect(try receive(xpub) == [1] + Array("flagged".utf8))
    #expect(try send(Array("unbiased".utf8), to: xpub, more: true))
    #expect(try send([1], to: xpub))
    #expect(try send(Array("flagged".utf8), to: xpub, more: true))
    #expect(try send([2], to: xpub))
    #expect(try receiveText(sub) == "flagged")
    #expect(try receive(sub) == [2])
    try sub.set(.unsubscribe(Array("flagged".utf8)))
    #expect(try receive(xpub) == [0] + Array("flagged".utf8))
  }

  @Test func pubReachesASubscriberOnceItHasJoined() throws {
    let context = try Context()
    let pub = try makeSocket(context, .pub)
    let sub = try makeSocket(context, .sub, [.subscribe([])])
    try join(pub, sub)
    var message = Message()
    let arrived = try eventually {
      #expect(try pub.send("hello"))
      return try sub.receive(into: &message) ? true : nil
    }
    #expect(arrived == true)
    #expect(Array(message.bytes) == Array("hello".utf8))
  }

  @Test func xsubSubscribesByMessage() throws {
    let context = try Context()
    let xpub = try makeSocket(context, .xpub)
    let xsub = try makeSocket(context, .xsub)
    try join(xpub, xsub)
    #expect(try send([1] + Array("t".utf8), to: xsub))
    #expect(try receiveText(xpub) == "\u{1}t")
    #expect(try send(Array("t1".utf8), to: xpub))
    #expect(try receiveText(xsub) == "t1")
  }

  @Test func xpubVerboserTellsEveryComingAndGoing() throws {
    let context = try Context()
    let xpub = try makeSocket(context, .xpub, [.xpubVerboser(true)])
    try xpub.bind("inproc://verboser")
    for _ in 0..<2 {
      let sub = try makeSocket(context, .sub, [.subscribe([7])])
      try sub.connect("inproc://verboser")
      #expect(try receive(xpub) == [1, 7])
      try sub.set(.unsubscribe([7]))
      #expect(try receive(xpub) == [0, 7])
    }
  }

  @Test func requestGetsItsReply() throws {
    let context = try Context()
    let rep = try makeSocket(context, .rep)
    let req = try makeSocket(context, .req)
    try join(rep, req)
    #expect(try send([1], to: req))
    #expect(
      throws: ZeroMQError.call(.send, code: 156_384_763), "a second request before the reply"
    ) { try send([2], to: req) }
    #expect(try receive(rep) == [1])
    #expect(try send([3], to: rep))
    #expect(try receive(req) == [3])
  }

  @Test func routerAnswersTheDealerThatAsked() throws {
    let context = try Context()
    let router = try makeSocket(context, .router, [.routerMandatory(true)])
    let dealer = try makeSocket(context, .dealer)
    try join(router, dealer)
    #expect(try send([5], to: dealer))
    let name = try #require(try receive(router))
    #expect(try receive(router) == [5])
    #expect(try send(name, to: router, more: true))
    #expect(try send([6], to: router))
    #expect(try receive(dealer) == [6])
    #expect(throws: ZeroMQError.self) { try send([9, 9], to: router, more: true) }
  }

  @Test func pairOverInproc() throws {
    let context = try Context()
    let one = try makeSocket(context, .pair)
    let other = try makeSocket(context, .pair)
    try one.bind("inproc://pair")
    try other.connect("inproc://pair")
    #expect(try one.send("to"))
    #expect(try receiveText(other) == "to")
    #expect(try other.send("fro"))
    #expect(try receiveText(one) == "fro")
  }
}
