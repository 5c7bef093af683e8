/// What a route answers.
public struct HTTPReply: Equatable, Sendable {
  /// The status code, such as 200 or 503.
  public var status: Int
  /// The value of the Content-Type header.
  public var contentType: String
  /// The body.
  public var body: [UInt8]

  /// Creates a reply.
  public init(status: Int = 200, contentType: String, body: [UInt8]) {
    self.status = status
    self.contentType = contentType
    self.body = body
  }

  /// A line or more of plain text.
  public static func text(_ text: String, status: Int = 200) -> HTTPReply {
    HTTPReply(status: status, contentType: "text/plain; charset=utf-8", body: Array(text.utf8))
  }

  /// A page of metrics.
  public static func metrics(_ page: PrometheusText) -> HTTPReply {
    HTTPReply(contentType: PrometheusText.contentType, body: page.bytes)
  }
}
