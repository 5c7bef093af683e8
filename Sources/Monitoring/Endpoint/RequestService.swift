/// Answers the requests of all connections of an endpoint.
struct RequestService: Sendable {
  var pages: ReplyCache
  var hosts: AllowedHosts
  /// Request line and headers together.
  var headerByteCountMax: Int

  /// Headers of a request.
  static let headerCountMax = 100

  /// The reply to a request. One that refuses says why in its body.
  func reply(to request: HTTPRequest) -> HTTPReply {
    if request.hasNul { return refusal(400, "the request line has a NUL", isLast: true) }
    let request = request.inOriginForm
    if request.hasBody { return refusal(413, "this endpoint takes no request body", isLast: true) }
    guard
      request.headerByteCount <= headerByteCountMax, request.headerCount <= Self.headerCountMax
    else {
      return refusal(431, "the request's headers are too large", isLast: true)
    }
    guard hosts.admits(request.hosts, isHTTP10: request.isHTTP10) else {
      return refusal(
        421, "this endpoint does not go by that name; add it to http.names, or use its address")
    }
    guard pages.holds(request.path) else {
      return refusal(404, "nothing here; there is \(pages.paths.joined(separator: ", "))")
    }
    guard request.method == "GET" || request.method == "HEAD" else {
      var reply = refusal(405, "only GET and HEAD")
      reply.headers.append(HTTPReply.Header("Allow", "GET, HEAD"))
      return reply
    }
    return pages.reply(to: request.path)
  }

  private func refusal(_ status: Int, _ text: String, isLast: Bool = false) -> HTTPReply {
    var reply = HTTPReply.text("\(status) \(text)\n", status: status)
    if isLast { reply.headers.append(HTTPReply.Header("Connection", "close")) }
    return reply
  }
}

/// The parts of a request that decide about the reply.
struct HTTPRequest: Equatable, Sendable {
  var method: String
  /// As it was sent, without the query.
  var path: String
  var isHTTP10 = false
  /// The values of all `Host` headers.
  var hosts: [String] = []
  var headerCount = 0
  /// Request line and headers together.
  var headerByteCount = 0
  /// Whether a body follows.
  var hasBody = false
  /// Whether the request line has a NUL, where the path above ends.
  var hasNul = false

  /// The request with a path alone where its target is `http://HOST/path`: every server takes that form,
  /// too, and the host in it counts in place of the header's (RFC 9112, 3.2.2). The header must be there
  /// once, all the same.
  var inOriginForm: HTTPRequest {
    let scheme = "http://"
    guard path.prefix(scheme.count).lowercased() == scheme else { return self }
    let rest = path.dropFirst(scheme.count)
    let host = String(rest.prefix { $0 != "/" })
    var request = self
    request.path = "/" + rest.dropFirst(host.count).dropFirst()
    request.hosts = hosts.isEmpty && isHTTP10 ? [host] : hosts.map { _ in host }
    return request
  }
}
