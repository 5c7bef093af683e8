internal import BoundedNumbers
internal import CurveSecurity

/// How much memory ZeroMQ may take for input that the pipeline has not read, whatever the senders
/// do: a number of messages of a largest size for each connection, and a total for all.
package struct InputQueueBound: Equatable, Sendable {
  /// Messages that may wait for each connection.
  package let messageCountMax: Int
  /// The longest message that is read: twice the limit of the settings. A longer one closes the
  /// connection.
  package let messageByteCountMax: Int
  /// Connections at a time: those that senders make, and those made to senders.
  package let connectionCountMax: Int
  private let totalByteCountMax: Int

  /// A message longer than the limit, and not longer than this many times the limit, is read and
  /// counted as oversized. A longer one closes the connection unread.
  private static let readFactor = 2
  /// Bytes that may arrive between two looks at the process's memory, before the sender is known.
  private static let lookByteCount = 64 << 20
  private static let undeliveredByteCount = 262_144

  /// The bounds that `settings` give: the high-water mark, or fewer messages where they would take
  /// more bytes than a queue may.
  package init(_ settings: PipelineSettings) {
    messageByteCountMax = settings.messageByteCountMax *| Self.readFactor
    messageCountMax = max(
      1, min(settings.inputHighWaterMark, settings.inputQueueByteCountMax / messageByteCountMax))
    connectionCountMax =
      (settings.inputBind.isEmpty ? 0 : settings.security.connectionCountMax)
      +| settings.inputConnect.count
    totalByteCountMax = settings.inputTotalByteCountMax
  }

  /// Bytes of all queues together: either the sum of all queues with one more message for each
  /// connection, or the allowed total where that is less; in both cases plus the bytes that may
  /// arrive between two looks. A connection that brings more is cut off.
  package var byteCountMax: Int {
    let queues = (messageCountMax +| 1) *| messageByteCountMax *| connectionCountMax
    return min(queues, totalByteCountMax) +| Self.lookByteCount
  }

  /// Bytes that a connection may bring without completing a message.
  var undeliveredByteCountMax: Int { messageByteCountMax +| Self.undeliveredByteCount }
}
