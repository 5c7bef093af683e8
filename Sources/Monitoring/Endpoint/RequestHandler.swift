internal import NIOCore
internal import NIOHTTP1

/// What all connections of an endpoint answer with.
struct RequestService: Sendable {
  var pages: ReplyCache
  var hosts: AllowedHosts
  /// The longest time until a request is complete, and until its reply is taken.
  var timeout: TimeAmount
}

/// Answers the requests of one connection, on its event loop, one after another. While a reply is
/// being sent the next request waits, and nothing is read.
final class RequestHandler: ChannelDuplexHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundIn = HTTPServerResponsePart
  typealias OutboundOut = HTTPServerResponsePart

  private let service: RequestService
  private let connections: OpenConnections
  private let turns: Turns
  /// Closes the connection when the client lets it wait: a request must be complete within the
  /// timeout, however slowly its bytes trickle, and so must the taking of a reply.
  private var deadline: Scheduled<Void>?
  /// The request whose end has not come yet.
  private var request: HTTPRequestHead?
  /// The questions to answer after the present reply: at most those that one read brings.
  private var waiting: CircularBuffer<Question> = []
  /// Whether a reply is not yet with the kernel.
  private var isAnswering = false
  /// Whether the next request waits until others have had their turn.
  private var isInTurn = false
  /// Whether a read was held back meanwhile.
  private var wantsRead = false
  /// Whether the last reply was sent. Further bytes of the client are dropped.
  private var isClosing = false
  /// Whether the client has closed its side.
  private var isInputClosed = false
  /// Whether requests were dropped: the connection ends after those that wait.
  private var hasDropped = false

  /// Requests that one read may bring, at 16 bytes each. When a client closes its side NIO reads all that
  /// the kernel holds, whether it was asked to or not: that may be a hundred thousand.
  private static let waitingCountMax = 256

  /// Something to be answered.
  private enum Question {
    case request(HTTPRequestHead)
    /// The connection ends after this.
    case fault(HTTPResponseStatus, String)
  }

  init(service: RequestService, connections: OpenConnections, turns: Turns) {
    self.service = service
    self.connections = connections
    self.turns = turns
  }

  func channelActive(context: ChannelHandlerContext) {
    connections.enter(ObjectIdentifier(self)) { context.close(promise: nil) }
    setDeadline(context)
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    connections.leave(ObjectIdentifier(self))
    deadline?.cancel()
    context.fireChannelInactive()
  }

  func read(context: ChannelHandlerContext) {
    if isAnswering || isInTurn { wantsRead = true } else { context.read() }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if isClosing || hasDropped { return }
    switch unwrapInboundIn(data) {
    case .head(let head):
      request = head
    case .body:
      // None of the routes takes one.
      request = nil
      ask(context, .fault(.payloadTooLarge, "this endpoint takes no request body"))
    case .end:
      guard let head = request else { return }
      request = nil
      ask(context, .request(head))
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard let error = error as? HTTPParserError else { return context.close(promise: nil) }
    if isClosing { return }
    if case .headerOverflow = error {
      let text = "the request's headers are too large"
      ask(context, .fault(.requestHeaderFieldsTooLarge, text))
    } else {
      ask(context, .fault(.badRequest, "this is not an HTTP/1.1 request"))
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if let event = event as? ChannelEvent, event == .inputClosed {
      isInputClosed = true
      closeIfDone(context)
    }
    context.fireUserInboundEventTriggered(event)
  }

  // MARK: One after another

  private func ask(_ context: ChannelHandlerContext, _ question: Question) {
    if isAnswering || isInTurn {
      if waiting.count < Self.waitingCountMax { return waiting.append(question) }
      hasDropped = true
      return
    }
    switch question {
    case .request(let head): answer(context, reply(to: head), to: head, last: !head.isKeepAlive)
    case .fault(let status, let text): answer(context, refusal(status, text), to: nil, last: true)
    }
  }

  /// A reply is with the kernel.
  private func goOn(_ context: ChannelHandlerContext) {
    isAnswering = false
    connections.note(ObjectIdentifier(self), .nextRequest)
    setDeadline(context)
    if isClosing { waiting.removeAll() }
    if !waiting.isEmpty {
      isInTurn = true
      return turns.wait { self.takeTurn(context) }
    }
    closeIfDone(context)
    if wantsRead {
      wantsRead = false
      context.read()
    }
  }

  /// Answers the next request that came with the one before.
  private func takeTurn(_ context: ChannelHandlerContext) {
    isInTurn = false
    if !context.channel.isActive || waiting.isEmpty { return }
    ask(context, waiting.removeFirst())
  }

  // MARK: Replies

  private struct Reply {
    var content: HTTPReply
    var headers: HTTPHeaders = [:]
  }

  private func reply(to head: HTTPRequestHead) -> Reply {
    let path = String(head.uri.prefix { $0 != "?" })
    guard service.hosts.admits(head.headers["Host"], isHTTP10: head.version == .http1_0) else {
      return refusal(
        .misdirectedRequest,
        "this endpoint does not go by that name; add it to http.names, or use its address")
    }
    guard service.pages.holds(path) else {
      let paths = service.pages.paths.joined(separator: ", ")
      return refusal(.notFound, "nothing here; there is \(paths)")
    }
    guard head.method == .GET || head.method == .HEAD else {
      var reply = refusal(.methodNotAllowed, "only GET and HEAD")
      reply.headers.add(name: "Allow", value: "GET, HEAD")
      return reply
    }
    return Reply(content: service.pages.reply(to: path))
  }

  private func refusal(_ status: HTTPResponseStatus, _ text: String) -> Reply {
    Reply(content: .text("\(status.code) \(text)\n", status: Int(status.code)))
  }

  /// Sends `reply`. After the last one our side of the connection is closed; the rest of what the
  /// client sends is read and dropped, since closing at once could destroy the reply on its way.
  private func answer(
    _ context: ChannelHandlerContext, _ reply: Reply, to request: HTTPRequestHead?, last: Bool
  ) {
    let content = reply.content
    var headers = reply.headers
    headers.add(name: "Content-Type", value: content.contentType)
    for header in content.headers { headers.add(name: header.name, value: header.value) }
    headers.add(name: "Content-Length", value: String(content.body.count))
    if last { headers.add(name: "Connection", value: "close") }
    if !last, request?.version == .http1_0 { headers.add(name: "Connection", value: "keep-alive") }
    let head = HTTPResponseHead(
      version: .http1_1, status: HTTPResponseStatus(statusCode: content.status), headers: headers)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    if request?.method != .HEAD {
      let body = context.channel.allocator.buffer(bytes: content.body)
      context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
    }
    isClosing = last
    isAnswering = true
    connections.note(ObjectIdentifier(self), .firstRequestOrTaking)
    setDeadline(context)
    let eventLoop = context.eventLoop.assumeIsolated()
    context.writeAndFlush(wrapOutboundOut(.end(nil))).assumeIsolated().whenComplete { _ in
      // Later, since a write may be complete before this call is over.
      eventLoop.execute { self.goOn(context) }
    }
  }

  private func closeIfDone(_ context: ChannelHandlerContext) {
    if isAnswering || !waiting.isEmpty { return }
    if isInputClosed || hasDropped {
      context.close(promise: nil)
    } else if isClosing {
      context.close(mode: .output, promise: nil)
    }
  }

  private func setDeadline(_ context: ChannelHandlerContext) {
    deadline?.cancel()
    deadline = context.eventLoop.assumeIsolated().scheduleTask(in: service.timeout) {
      context.close(promise: nil)
    }
  }
}
