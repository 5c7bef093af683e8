internal import CZeroMQ
internal import Glibc

/// The memory that the process has taken, cheaply enough to look at every few milliseconds.
final class ProcessMemory {
  private let descriptor: CInt
  /// The memory in ordinary times.
  private var usualByteCount: Int64?

  init() { descriptor = open("/proc/self/statm", O_RDONLY | O_CLOEXEC) }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Bytes above the usual; 0 where that cannot be told.
  func growth() -> Int64 {
    let now = tamis_private_bytes(descriptor)
    guard now >= 0 else { return 0 }
    let usual = min(usualByteCount ?? now, now)
    usualByteCount = usual
    return now - usual
  }

  /// Takes the present memory as usual.
  func accept() {
    let now = tamis_private_bytes(descriptor)
    if now >= 0 { usualByteCount = now }
  }

  /// Gives freed memory back to the system, so that the memory of a flood does not count as usual.
  func trim() { tamis_memory_trim() }
}
