internal import BoundedNumbers
internal import EventRecords
internal import Glibc

/// How many records may be lost on the way to a receiver, counted back from the last one that
/// ZeroMQ no longer holds. When a receiver or this daemon ends, all records in the queues and
/// buffers between the two may be lost.
enum RepeatWindow {
  /// The kernel's buffer for outgoing bytes, set explicitly so that it is known.
  static let sendBufferByteCount = 262_144

  /// The kernel doubles the size that it is asked for (SO_SNDBUF).
  private static let sendBufferFactor = 2
  /// ZeroMQ's buffer of a connection.
  private static let batchByteCount = 8_192
  /// The buffer of the receiver's kernel, where this machine does not tell its own limit.
  private static let receiveBufferByteCountMax = 8 << 20
  /// Messages that the receiver's ZeroMQ holds unless it was told otherwise.
  private static let receiverQueueCount = 1_000
  private static let recordCountMax = 1_000_000

  /// The number of the settings, or as many records as the queues on both sides can hold.
  static func recordCount(_ settings: PipelineSettings, recordByteCount: Int) -> UInt64 {
    if settings.repeatRecordCount > 0 { return UInt64(settings.repeatRecordCount) }
    let byteCount =
      sendBufferFactor * sendBufferByteCount + batchByteCount + receiveBufferByteCountMax
    let inBuffers = byteCount / max(1, recordByteCount) + 1
    let all = settings.outputHighWaterMark +| receiverQueueCount +| inBuffers
    return UInt64(min(all, recordCountMax))
  }
}

/// How long to wait before records are sent again for a receiver that may come and go for ever: not at all
/// for the first time, and then twice as long each time. Ten minutes without one are forgotten.
package struct RepeatPatience {
  private var lastMs: UInt64?
  private var waitMs = waitMsMin

  private static let waitMsMin: UInt64 = 10_000
  private static let waitMsMax: UInt64 = 600_000

  /// Nothing was sent again yet.
  package init() {}

  /// Whether records may be sent again now.
  package func isOver(nowMs: UInt64) -> Bool { lastMs.map { nowMs -| $0 >= waitMs } ?? true }

  /// Notes that records are sent again now.
  package mutating func begin(nowMs: UInt64) {
    if let lastMs {
      waitMs = nowMs -| lastMs >= Self.waitMsMax ? Self.waitMsMin : min(waitMs * 2, Self.waitMsMax)
    }
    lastMs = nowMs
  }
}
