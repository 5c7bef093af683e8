/// The answer of a route.
package struct HTTPReply: Equatable, Sendable {
  /// The status code, such as 200 or 503.
  package var status: Int
  /// The value of the Content-Type header.
  package var contentType: String
  /// Headers beside Content-Type and Content-Length.
  package var headers: [Header]
  /// The body.
  package var body: [UInt8]

  /// A header.
  package struct Header: Equatable, Sendable {
    /// Its name.
    package var name: String
    /// Its value, without line ends.
    package var value: String

    /// Creates a header.
    package init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }

    /// The reply describes this moment and must not be cached.
    package static let noStore = Header("Cache-Control", "no-store")
  }

  /// Creates a reply.
  package init(
    status: Int = 200, contentType: String, headers: [Header] = [], body: [UInt8]
  ) {
    self.status = status
    self.headers = headers
    self.contentType = contentType
    self.body = body
  }

  /// A line or more of plain text.
  package static func text(_ text: String, status: Int = 200) -> HTTPReply {
    HTTPReply(status: status, contentType: "text/plain; charset=utf-8", body: Array(text.utf8))
  }

  /// A page of metrics.
  package static func metrics(_ page: PrometheusText) -> HTTPReply {
    HTTPReply(contentType: PrometheusText.contentType, body: page.bytes)
  }

  /// A verdict: 200 and `ok`, or 503 and a line for each reason.
  package static func verdict(_ verdict: Verdict) -> HTTPReply {
    let lines = verdict.isGood ? ["ok"] : verdict.reasons
    return .text(
      lines.map { "\($0)\n" }.joined(), status: verdict.isGood ? 200 : 503)
  }

  /// A JSON document on one line.
  package static func json(_ text: String) -> HTTPReply {
    HTTPReply(
      contentType: "application/json", headers: [.noStore], body: Array("\(text)\n".utf8))
  }
}
