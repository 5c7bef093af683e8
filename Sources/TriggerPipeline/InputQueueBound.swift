internal import CurveSecurity

/// How much memory ZeroMQ may take for input that the pipeline has not read: so many messages of so
/// many bytes for each connection, whatever the senders do.
public struct InputQueueBound: Equatable, Sendable {
  /// Messages that may wait for each connection.
  public let messageCountMax: Int
  /// The longest message that is read; a longer one closes the connection.
  public let messageByteCountMax: Int
  /// Connections at a time: those that senders make, and those made to senders.
  public let connectionCountMax: Int

  /// A message longer than the limit is counted as oversized up to so many times of it.
  private static let readFactor = 2

  /// The bounds that `settings` give: the high-water mark, or fewer messages where they would take
  /// more bytes than a queue may.
  public init(_ settings: PipelineSettings) {
    messageByteCountMax = settings.messageByteCountMax * Self.readFactor
    messageCountMax = max(
      1, min(settings.inputHighWaterMark, settings.inputQueueByteCountMax / messageByteCountMax))
    connectionCountMax =
      (settings.inputBind.isEmpty ? 0 : settings.security.connectionCountMax)
      + settings.inputConnect.count
  }

  /// Bytes of all queues together, with the message that each connection is about to bring.
  public var byteCountMax: Int {
    (messageCountMax + 1) * messageByteCountMax * connectionCountMax
  }
}
