internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import Synchronization

/// A small HTTP/1.1 server for GET and HEAD, with one thread of its own.
///
/// For scrapers and health checks, not for the open network: no TLS, no access control. Every bound
/// is in `Limits`. One request of a connection is answered at a time. The next one is read when the
/// kernel has taken the whole reply.
package final class HTTPEndpoint: Sendable {
  /// Makes the reply of one path. It runs on the endpoint's thread, one call at a time, and must
  /// neither block nor hold on to the endpoint. A path that is asked for more than ten times a second
  /// gets a reply that is up to a tenth of a second old.
  package typealias Route = @Sendable () -> HTTPReply

  /// What a client may take.
  package struct Limits: Equatable, Sendable {
    /// Request line and headers together.
    package var headerByteCountMax = 8_192
    /// Connections at a time. One more closes the connection that has waited longest for its
    /// client.
    package var connectionCountMax = 64
    /// The longest time until a request is complete, and until its reply is taken.
    package var idleTimeoutMs = 30_000

    /// The defaults.
    package init() {}
  }

  /// The port it listens at, also where port 0 was asked for.
  package let boundPort: Int

  private let group: MultiThreadedEventLoopGroup
  private let isStopped = Atomic(false)

  /// Listens at `listen` ("127.0.0.1:9464", "[::1]:0") and answers each path of `routes`; calls
  /// `everySecond` between requests, on the same thread. A request whose `Host` is neither the
  /// address listened at, nor this machine's own name, nor one of `names`, gets status 421.
  ///
  /// Blocks until the socket is bound; not to be called from an event loop or an async context.
  package init(
    listen: String, names: [String] = [], routes: [String: Route], limits: Limits = Limits(),
    everySecond: (@Sendable () -> Void)? = nil
  ) throws(HTTPEndpointError) {
    guard let address = ListenAddress(listen) else {
      throw HTTPEndpointError(
        address: listen,
        explanation: "not HOST:PORT; write, for example, 127.0.0.1:9464 or [::1]:9464")
    }
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    do {
      let socket = try SocketAddress.makeAddressResolvingHost(address.host, port: address.port)
      let service = RequestService(
        pages: ReplyCache(routes) { NIODeadline.now().uptimeNanoseconds },
        hosts: AllowedHosts(host: address.host, extra: names),
        timeout: .milliseconds(Int64(limits.idleTimeoutMs)))
      let channel = try bootstrap(group, service, limits).bind(to: socket).wait()
      boundPort = channel.localAddress?.port ?? address.port
      self.group = group
      if let everySecond {
        group.next().scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in
          everySecond()
        }
      }
    } catch {
      try? group.syncShutdownGracefully()
      throw HTTPEndpointError(address: listen, cause: error)
    }
  }

  deinit { stop() }

  /// Stops listening, closes every connection and ends the thread; returns when that is done.
  package func stop() {
    if isStopped.exchange(true, ordering: .relaxed) { return }
    try? group.syncShutdownGracefully()
  }
}

/// Bytes that are read at a time: requests are small, and what is read is parsed at once.
private let readByteCount = 4_096
/// Bytes that the kernel may hold for each client.
private let receiveBufferByteCount = 16_384

private func bootstrap(
  _ group: MultiThreadedEventLoopGroup, _ service: RequestService, _ limits: HTTPEndpoint.Limits
) -> ServerBootstrap {
  let eventLoop = group.next()
  let open = NIOLoopBoundBox.makeBoxSendingValue(
    OpenConnections(countMax: limits.connectionCountMax), eventLoop: eventLoop)
  let turns = NIOLoopBoundBox.makeBoxSendingValue(
    Turns(eventLoop: eventLoop), eventLoop: eventLoop)
  return ServerBootstrap(group: group)
    // Clients that come in a flood are taken in as fast, each in the place of another: one that the
    // kernel has no room for tries again only after a second.
    .serverChannelOption(.backlog, value: 1_024)
    // Fewer than there are places: who has come must not give way before it was looked at.
    .serverChannelOption(.maxMessagesPerRead, value: 16)
    .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
    .childChannelOption(.allowRemoteHalfClosure, value: true)
    .childChannelOption(.socketOption(.so_rcvbuf), value: receiveBufferByteCount)
    .childChannelOption(
      .recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: readByteCount)
    )
    .childChannelOption(.maxMessagesPerRead, value: 1)
    .childChannelInitializer { channel in
      channel.eventLoop.makeCompletedFuture {
        try configure(channel, service, open.value, turns.value, limits)
      }
    }
}

/// Builds the pipeline of one connection.
func configure(
  _ channel: any Channel, _ service: RequestService, _ open: OpenConnections, _ turns: Turns,
  _ limits: HTTPEndpoint.Limits
) throws {
  var decoderLimits = NIOHTTPDecoderLimitConfiguration()
  decoderLimits.maxHeaderFieldSize = limits.headerByteCountMax
  decoderLimits.maxHeaderListSize = limits.headerByteCountMax
  decoderLimits.maxHeaderFieldCount = 100
  // The handler keeps requests in order itself, with back-pressure from the kernel.
  try channel.pipeline.syncOperations.configureHTTPServerPipeline(
    withPipeliningAssistance: false, withErrorHandling: false, withEncoderConfiguration: .init(),
    withDecoderLimitConfiguration: decoderLimits)
  try channel.pipeline.syncOperations.addHandler(
    RequestHandler(service: service, connections: open, turns: turns))
}
