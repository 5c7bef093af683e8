internal import BoundedNumbers
internal import CurveSecurity

/// How much memory ZeroMQ may take for input that the pipeline has not read: so many messages of so
/// many bytes for each connection, and no more than a total, whatever the senders do.
public struct InputQueueBound: Equatable, Sendable {
  /// Messages that may wait for each connection.
  public let messageCountMax: Int
  /// The longest message that is read; a longer one closes the connection.
  public let messageByteCountMax: Int
  /// Connections at a time: those that senders make, and those made to senders.
  public let connectionCountMax: Int
  private let totalByteCountMax: Int

  /// A message longer than the limit is counted as oversized up to so many times of it.
  private static let readFactor = 2
  /// What may come between two looks at the process's memory, before it is seen who brings it.
  private static let lookByteCount = 64 << 20
  private static let undeliveredByteCount = 262_144

  /// The bounds that `settings` give: the high-water mark, or fewer messages where they would take
  /// more bytes than a queue may.
  public init(_ settings: PipelineSettings) {
    messageByteCountMax = settings.messageByteCountMax *| Self.readFactor
    messageCountMax = max(
      1, min(settings.inputHighWaterMark, settings.inputQueueByteCountMax / messageByteCountMax))
    connectionCountMax =
      (settings.inputBind.isEmpty ? 0 : settings.security.connectionCountMax)
      +| settings.inputConnect.count
    totalByteCountMax = settings.inputTotalByteCountMax
  }

  /// Bytes of all queues together: what they come to with the message that each connection is about to
  /// bring, or the total that is allowed where that is less, and what comes before it is noticed. A
  /// connection that brings more is cut off.
  public var byteCountMax: Int {
    let queues = (messageCountMax +| 1) *| messageByteCountMax *| connectionCountMax
    return min(queues, totalByteCountMax) +| Self.lookByteCount
  }

  /// Bytes that a connection may bring which do not become a message.
  var undeliveredByteCountMax: Int { messageByteCountMax +| Self.undeliveredByteCount }
}
