internal import NIOCore
internal import NIOHTTP1

/// Answers the requests of one connection, on its event loop.
final class RequestHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let routes: [String: HTTPEndpoint.Route]
  private let timeout: TimeAmount
  /// Closes the connection when the client lets it wait: a request must be complete within the
  /// timeout, however slowly its bytes trickle, and so must the taking of a reply.
  private var deadline: Scheduled<Void>?
  /// The request whose end has not come yet.
  private var request: HTTPRequestHead?
  /// Whether a last reply has gone out: whatever else the client sends is dropped.
  private var isClosing = false
  /// Whether the client has closed its side.
  private var isInputClosed = false
  /// Replies that are not yet with the kernel.
  private var unsentReplyCount = 0

  init(routes: [String: HTTPEndpoint.Route], timeout: TimeAmount) {
    self.routes = routes
    self.timeout = timeout
  }

  func channelActive(context: ChannelHandlerContext) {
    setDeadline(context)
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    deadline?.cancel()
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if isClosing { return }
    switch unwrapInboundIn(data) {
    case .head(let head):
      request = head
    case .body:
      // None of the routes takes one.
      answer(context, refusal(.payloadTooLarge, "this endpoint takes no request body"), last: true)
    case .end:
      guard let head = request else { return }
      answer(context, reply(to: head), last: !head.isKeepAlive)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard let error = error as? HTTPParserError else { return context.close(promise: nil) }
    if isClosing { return }
    if case .headerOverflow = error {
      let text = "the request's headers are too large"
      answer(context, refusal(.requestHeaderFieldsTooLarge, text), last: true)
    } else {
      answer(context, refusal(.badRequest, "this is not an HTTP/1.1 request"), last: true)
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if let event = event as? ChannelEvent, event == .inputClosed {
      isInputClosed = true
      closeIfDone(context)
    }
    context.fireUserInboundEventTriggered(event)
  }

  // MARK: Replies

  private struct Reply {
    var content: HTTPReply
    var headers: HTTPHeaders = [:]
  }

  private func reply(to head: HTTPRequestHead) -> Reply {
    let path = String(head.uri.prefix { $0 != "?" })
    guard let route = routes[path] else {
      let paths = routes.keys.sorted().joined(separator: ", ")
      return refusal(.notFound, "nothing here; there is \(paths)")
    }
    guard head.method == .GET || head.method == .HEAD else {
      var reply = refusal(.methodNotAllowed, "only GET and HEAD")
      reply.headers.add(name: "Allow", value: "GET, HEAD")
      return reply
    }
    return Reply(content: route())
  }

  private func refusal(_ status: HTTPResponseStatus, _ text: String) -> Reply {
    Reply(content: .text("\(status.code) \(text)\n", status: Int(status.code)))
  }

  /// Sends `reply`. After the last one our side of the connection is closed; the rest of what the
  /// client sends is read and dropped, since closing at once could destroy the reply on its way.
  private func answer(_ context: ChannelHandlerContext, _ reply: Reply, last: Bool) {
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
    request = nil
    isClosing = last
    unsentReplyCount += 1
    setDeadline(context)
    context.writeAndFlush(wrapOutboundOut(.end(nil))).assumeIsolated().whenComplete { _ in
      self.unsentReplyCount -= 1
      self.setDeadline(context)
      self.closeIfDone(context)
    }
  }

  private func closeIfDone(_ context: ChannelHandlerContext) {
    if unsentReplyCount > 0 { return }
    if isInputClosed {
      context.close(promise: nil)
    } else if isClosing {
      context.close(mode: .output, promise: nil)
    }
  }

  private func setDeadline(_ context: ChannelHandlerContext) {
    deadline?.cancel()
    deadline = context.eventLoop.assumeIsolated().scheduleTask(in: timeout) {
      context.close(promise: nil)
    }
  }
}
