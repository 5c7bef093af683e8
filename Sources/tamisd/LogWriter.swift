internal import CLinux
internal import Glibc
internal import Synchronization
internal import WorkerThreads

/// Writes log lines to stderr from a thread of its own. A thread that logs never waits for a
/// reader, such as a stopped terminal or a pipe that nobody reads.
///
/// The queue is bounded. Lines that find it full are dropped and counted, and the count is a line
/// of its own as soon as lines flow again.
final class LogWriter: Sendable {
  /// Lines that wait at most.
  static let lineCountMax = 4_096
  /// Bytes that wait at most.
  static let byteCountMax = 1 << 20

  private struct Queue {
    var lines: [String] = []
    var byteCount = 0
    var droppedCount = 0
    /// Whether the thread has taken lines that are not written yet.
    var isWriting = false
  }

  private let queue = Mutex(Queue())
  private let filled = EventCount()
  private let drained = EventCount()
  private let droppedLine: @Sendable (Int) -> String

  /// Begins to write; `droppedLine` makes the line, with its end, that tells of dropped ones. The
  /// thread lives as long as the process.
  init(droppedLine: @escaping @Sendable (Int) -> String) {
    self.droppedLine = droppedLine
    let thread = WorkerThread(name: "tamis-log") { [self] in write() }
    thread.detach()
  }

  /// Takes a line with its end. Never waits.
  func append(_ line: String) {
    queue.withLock { queue in
      let byteCount = line.utf8.count
      guard queue.lines.count < Self.lineCountMax,
        queue.byteCount + byteCount <= Self.byteCountMax
      else {
        queue.droppedCount += 1
        return
      }
      queue.lines.append(line)
      queue.byteCount += byteCount
    }
    filled.signal()
  }

  /// Returns when all lines are written, or after `timeoutMs`.
  func flush(timeoutMs: Int) {
    let deadlineNs = tamis_monotonic_ns() + UInt64(timeoutMs) * 1_000_000
    while true {
      let seen = drained.value
      if queue.withLock({ $0.lines.isEmpty && $0.droppedCount == 0 && !$0.isWriting }) { return }
      let now = tamis_monotonic_ns()
      if now >= deadlineNs { return }
      drained.wait(while: seen, timeoutNs: Int64(deadlineNs - now))
    }
  }

  private func write() {
    while true {
      let seen = filled.value
      for line in taken() { writeWhole(line) }
      let isEmpty = queue.withLock { queue in
        queue.isWriting = false
        return queue.lines.isEmpty && queue.droppedCount == 0
      }
      drained.signal()
      if isEmpty { filled.wait(while: seen, timeoutNs: -1) }
    }
  }

  /// All lines that wait, with the count of dropped ones behind them.
  private func taken() -> [String] {
    queue.withLock { queue in
      var lines = queue.lines
      if queue.droppedCount > 0 { lines.append(droppedLine(queue.droppedCount)) }
      queue = Queue()
      queue.isWriting = !lines.isEmpty
      return lines
    }
  }

  /// Waits as long as it takes; a line whose reader is gone is lost.
  private func writeWhole(_ line: String) {
    var line = line
    _ = line.withUTF8 { tamis_write_within(STDERR_FILENO, $0.baseAddress, $0.count, -1) }
  }
}
