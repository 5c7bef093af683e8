/// How records that a consumer has missed are served.
package struct CatchUpSettings: Sendable {
  /// Endpoints to bind. Without one there is no catch-up.
  package var bind: [String] = []
  /// The longest records part of a reply; one record is always sent.
  package var replyByteCountMax = 1 << 20
  /// Bytes read from the journal in a second, for all peers together; 0 is no limit.
  package var bytesPerSecondMax = 100 << 20

  /// The defaults above.
  package init() {}
}
