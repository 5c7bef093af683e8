internal import CLinux

/// Together with the number of a process identifies it: numbers are used again, and each container
/// and each machine counts its own.
package struct ProcessIdentity: Equatable, Sendable {
  /// The start of the machine, as the kernel names it; containers of one machine share it.
  package var boot: String
  /// The inode of the namespace in which the number counts.
  package var namespace: UInt64
  /// When the process began, in clock ticks since the machine was started.
  package var startTicks: UInt64

  /// Creates an identity.
  package init(boot: String, namespace: UInt64, startTicks: UInt64) {
    self.boot = boot
    self.namespace = namespace
    self.startTicks = startTicks
  }

  /// The identity of the process that this one knows as `number`; nil where /proc does not tell.
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
