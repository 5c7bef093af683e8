internal import BoundedNumbers
internal import CLinux
internal import DaemonConfiguration
internal import Glibc
internal import TriggerPipeline

/// Whether the process may have the threads and the memory that the daemon takes at its start.
///
/// It takes them for a moment. The limits of the process, of its user and of its control group all
/// count, and no single call tells them.
struct ThreadNeed {
  /// The reason that keeps the daemon from starting; nil where there is enough.
  let fault: String?

  /// Log, reload, handshakes, input, scoring, decisions, journal, catch-up, HTTP and the library's
  /// own; 12 were counted with one worker and catch-up. The others are room.
  private static let ownCount = 15
  /// Memory of the daemon beside the ring: 50 MB were measured.
  private static let ownByteCount = 64 << 20

  init(_ configuration: DaemonConfiguration, featureCount: Int?) {
    let count = Self.ownCount + configuration.pipeline.workers
    let byteCount =
      Self.ownByteCount
      +| (featureCount.map { memoryByteCount(of: configuration.pipeline, featureCount: $0) } ?? 0)
    let tried = tamis_threads_try(CInt(clamping: count), byteCount)
    let why = String(cString: strerror(tried.code))
    if tried.code == 0 {
      fault = nil
    } else if tried.count < count {
      fault =
        "found room for \(tried.count) threads (\(why)), expected \(count); raise the limits on threads "
        + "and memory (ulimit -u, -v, -d; TasksMax, LimitNPROC, LimitAS, LimitDATA in the unit)"
    } else {
      fault =
        "found no \(byteCount) bytes of memory beside \(count) threads (\(why)), expected them for "
        + "engine.slots and engine.batch_max; raise the limits on memory (ulimit -v, -d; LimitAS, "
        + "LimitDATA in the unit), or set fewer slots"
    }
  }
}
