internal import CLinux
internal import CMicroHTTPD
internal import Glibc

/// The connections of an endpoint, served by libmicrohttpd on the thread that calls `serve()`.
///
/// The library parses and sends. It takes one request of a connection at a time, and reads the next
/// when the kernel has the whole reply. `OpenConnections` keeps places and deadlines. A connection is
/// closed by shutting its socket down: the library sees the end and frees it.
final class HTTPConnections {
  private let service: RequestService
  private var open: OpenConnections
  private var daemon: OpaquePointer?

  /// Bytes that the library may hold for each connection: a request's headers, taken apart, and the
  /// head of a reply.
  fileprivate static let connectionByteCount = 32_768
  /// Connections that were closed and that the library has not looked at yet have room beside the
  /// others.
  private static let leavingCountMax: UInt32 = 64

  /// Nil where the system has no room.
  init?(_ service: RequestService, limits: HTTPEndpoint.Limits) {
    self.service = service
    open = OpenConnections(countMax: limits.connectionCountMax, timeoutMs: limits.idleTimeoutMs)
    daemon = tamis_http_start(
      UInt32(clamping: limits.connectionCountMax) + Self.leavingCountMax, Self.connectionByteCount,
      answerRequest, noteConnection, noteRequestEnd, Unmanaged.passUnretained(self).toOpaque())
    if daemon == nil { return nil }
  }

  deinit { close() }

  /// Becomes readable when there is something to serve.
  var descriptor: CInt { tamis_http_descriptor(daemon) }

  /// Milliseconds after which `serve()` is to be called though nothing has come; at most `longest`.
  func waitMs(longest: Int) -> Int {
    let libraryMs = Int(tamis_http_wait_ms(daemon))
    return min(
      longest, libraryMs < 0 ? longest : libraryMs, open.waitMs(nowNs: tamis_monotonic_ns()))
  }

  /// Takes a connected socket over, also where the library refuses it. Where all places are taken,
  /// another connection gives way.
  func add(_ socket: CInt, _ address: UnsafePointer<sockaddr>, _ length: socklen_t) {
    open.makeRoom()
    _ = MHD_add_connection(daemon, socket, address, length)
  }

  /// Serves without waiting. Each connection that has work gets one turn.
  func serve() {
    open.closeOverdue(nowNs: tamis_monotonic_ns())
    MHD_run(daemon)
  }

  /// Closes all connections. Nothing else may be called afterwards.
  func close() {
    if let daemon { MHD_stop_daemon(daemon) }
    daemon = nil
  }

  // MARK: What the library tells

  fileprivate func note(_ connection: OpaquePointer, _ event: MHD_ConnectionNotificationCode) {
    if tamis_http_has_come(event) != 0 {
      open.enter(
        connection, socket: tamis_http_socket(connection), nowNs: tamis_monotonic_ns())
    } else {
      open.leave(connection)
    }
  }

  fileprivate func noteCompleted(_ connection: OpaquePointer) {
    open.note(connection, .nextRequest, nowNs: tamis_monotonic_ns())
  }

  fileprivate func answer(_ connection: OpaquePointer, _ request: HTTPRequest) -> MHD_Result {
    let reply = service.reply(to: request)
    open.note(connection, .firstRequestOrTaking, nowNs: tamis_monotonic_ns())
    let response = reply.body.withUnsafeBytes { tamis_http_response($0.baseAddress, $0.count) }
    // Without memory for the reply the connection is closed.
    guard let response else { return tamis_http_result(0) }
    defer { MHD_destroy_response(response) }
    MHD_add_response_header(response, "Content-Type", reply.contentType)
    for header in reply.headers { MHD_add_response_header(response, header.name, header.value) }
    return MHD_queue_response(connection, UInt32(reply.status), response)
  }
}

// MARK: - Callbacks

/// Free functions, since C takes no closure that captures.
private func connections(_ context: UnsafeMutableRawPointer?) -> HTTPConnections? {
  context.map { Unmanaged<HTTPConnections>.fromOpaque($0).takeUnretainedValue() }
}

private func noteConnection(
  _ context: UnsafeMutableRawPointer?, _ connection: OpaquePointer?,
  _ socketContext: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
  _ event: MHD_ConnectionNotificationCode
) {
  if let connection { connections(context)?.note(connection, event) }
}

private func noteRequestEnd(
  _ context: UnsafeMutableRawPointer?, _ connection: OpaquePointer?,
  _ requestContext: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
  _ end: MHD_RequestTerminationCode
) {
  if let connection { connections(context)?.noteCompleted(connection) }
}

/// Called when the headers of a request have come, and again when all of it has.
private func answerRequest(
  _ context: UnsafeMutableRawPointer?, _ connection: OpaquePointer?, _ path: UnsafePointer<CChar>?,
  _ method: UnsafePointer<CChar>?, _ version: UnsafePointer<CChar>?,
  _ body: UnsafePointer<CChar>?, _ bodyByteCount: UnsafeMutablePointer<Int>?,
  _ requestContext: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> MHD_Result {
  guard let server = connections(context), let connection, let path, let method, let version else {
    return tamis_http_result(0)
  }
  var request = HTTPRequest(
    method: String(cString: method), path: String(cString: path),
    isHTTP10: String(cString: version) == "HTTP/1.0",
    headerByteCount: tamis_http_header_bytes(connection))
  withUnsafeMutablePointer(to: &request) {
    tamis_http_each_header(connection, noteHeader, $0)
  }
  // At the first call the context of the request is what `tamis_http_note_target` has returned.
  if requestContext?.pointee != context {
    let note = UInt(bitPattern: requestContext?.pointee)
    request.hasNul =
      tamis_http_has_nul(method, path, version, note, HTTPConnections.connectionByteCount) != 0
    requestContext?.pointee = context
    // A reply before the end of the request lets the library close the connection after it: right for
    // a request with a body, which is not read.
    if !request.hasBody, !request.hasNul { return tamis_http_result(1) }
  }
  return server.answer(connection, request)
}

private func noteHeader(
  _ context: UnsafeMutableRawPointer?, _ kind: MHD_ValueKind, _ name: UnsafePointer<CChar>?,
  _ value: UnsafePointer<CChar>?
) -> MHD_Result {
  guard let request = context?.assumingMemoryBound(to: HTTPRequest.self), let name else {
    return tamis_http_result(0)
  }
  request.pointee.headerCount += 1
  let text = value.map { String(cString: $0) } ?? ""
  if strcasecmp(name, "Host") == 0 { request.pointee.hosts.append(text) }
  if strcasecmp(name, "Transfer-Encoding") == 0 { request.pointee.hasBody = true }
  if strcasecmp(name, "Content-Length") == 0, !text.allSatisfy({ $0 == "0" }) {
    request.pointee.hasBody = true
  }
  return tamis_http_result(1)
}
