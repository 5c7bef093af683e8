internal import CLinux

/// Identifies one process together with its number: numbers are used again, and each container and
/// each machine counts its own.
package struct ProcessIdentity: Equatable, Sendable {
  /// The start of the machine, as the kernel names it; containers of one machine share it.
  package var boot: String
  /// The inode of the namespace in which the number counts.
  package var namespace: UInt64
  /// When the process began, in clock ticks since the machine was started.
  package var startTicks: UInt64

  /// An identity that is known.
  package init(boot: String, namespace: UInt64, startTicks: UInt64) {
    self.boot = boot
    self.namespace = namespace
    self.startTicks = startTicks
  }

  /// That of process `number` seen from this one; nil where /proc does not tell.
  package init?(of number: Int32) {
    let boot = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { text in
      tamis_boot_identifier(text.baseAddress, text.count)
        ? text.baseAddress.map { String(cString: $0) } : nil
    }
    let namespace = tamis_process_namespace()
    let startTicks = tamis_process_start_ticks(number)
    guard let boot, namespace > 0, startTicks > 0 else { return nil }
    self.init(boot: boot, namespace: namespace, startTicks: startTicks)
  }
}
