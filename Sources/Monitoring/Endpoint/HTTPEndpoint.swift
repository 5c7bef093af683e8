internal import CLinux
internal import CMicroHTTPD
internal import Glibc
internal import Synchronization
internal import WorkerThreads

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

  /// The bounds on a client.
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

  private let loop: EndpointLoop
  private let thread: Mutex<WorkerThread?>

  /// Listens at `listen` ("127.0.0.1:9464", "[::1]:0") and answers each path of `routes`; calls
  /// `everySecond` between requests, on the same thread. A request whose `Host` is neither the
  /// address listened at, nor this machine's own name, nor one of `names`, gets status 421.
  package init(
    listen: String, names: [String] = [], routes: [String: Route], limits: Limits = Limits(),
    everySecond: (@Sendable () -> Void)? = nil
  ) throws(HTTPEndpointError) {
    guard let address = ListenAddress(listen) else {
      throw HTTPEndpointError(
        address: listen,
        explanation: "not HOST:PORT; write, for example, 127.0.0.1:9464 or [::1]:9464")
    }
    let socket = try ListeningSocket(address, as: listen)
    let service = RequestService(
      pages: ReplyCache(routes) { tamis_monotonic_ns() },
      hosts: AllowedHosts(host: address.host, extra: names),
      headerByteCountMax: limits.headerByteCountMax)
    guard
      let loop = EndpointLoop(
        socket, service, limits: limits, everySecond: everySecond ?? {})
    else {
      throw HTTPEndpointError(
        address: listen, explanation: "no descriptors or memory are left; raise the limits")
    }
    boundPort = socket.port
    self.loop = loop
    thread = Mutex(WorkerThread(name: "http") { loop.run() })
  }

  deinit { stop() }

  /// Stops listening, closes every connection and ends the thread; returns when that is done.
  package func stop() {
    thread.withLock { thread in
      loop.end()
      thread.take()?.join()
    }
  }
}
