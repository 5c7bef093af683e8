internal import DurableFiles
internal import Glibc

/// The simulated disk as the journal's store, for one process.
///
/// `@unchecked`: all of a simulation runs in one thread.
final class SimulatedFolder: FolderStore, @unchecked Sendable {
  let path = "journal"
  let process: SimulatedProcess
  private let clock: SimulatedClock
  private let lockHolder: LockHolder

  /// The holder of the folder's lock; it belongs to the machine, not to a process.
  final class LockHolder { weak var process: SimulatedProcess?; weak var token: Token? }

  /// The lock, held as long as it lives.
  final class Token: @unchecked Sendable {}

  init(process: SimulatedProcess, clock: SimulatedClock, lockHolder: LockHolder) {
    self.process = process
    self.clock = clock
    self.lockHolder = lockHolder
  }

  private var disk: SimulatedDisk { process.disk }
  private var nowS: Int { Int(clamping: clock.realtimeNs / 1_000_000_000) }

  func make() throws(SystemCallError) { try process.gate("make the folder", path) }

  func names() throws(SystemCallError) -> [String] {
    try process.gate("list", path)
    return disk.sortedNames
  }

  func status(of name: String) throws(SystemCallError) -> StoredFileStatus? {
    try process.gate("stat", path(of: name))
    return disk.names[name].map {
      StoredFileStatus(byteCount: $0.view.count, modifiedS: $0.modifiedS)
    }
  }

  func open(
    _ name: String, _ mode: StoredFileMode
  ) throws(SystemCallError) -> any StoredFile {
    let file = path(of: name)
    try process.gate("open", file)
    if let node = disk.names[name] {
      if case .creatingNew = mode { throw SystemCallError("open", file: file, code: EEXIST) }
      return SimulatedFile(node, path: file, process: process, clock: clock)
    }
    switch mode {
    case .reading, .writing: throw SystemCallError("open", file: file, code: ENOENT)
    case .creating, .creatingNew: break
    }
    if disk.freeByteCount == 0 {
      process.noteFailure()
      throw SystemCallError("open", file: file, code: ENOSPC)
    }
    return SimulatedFile(disk.create(name, nowS: nowS), path: file, process: process, clock: clock)
  }

  func rename(
    _ name: String, to newName: String, replacing: Bool
  ) throws(SystemCallError) {
    let file = path(of: name)
    try process.gate("rename", file)
    if disk.names[name] == nil { throw SystemCallError("rename", file: file, code: ENOENT) }
    if disk.names[newName] != nil, !replacing {
      throw SystemCallError("rename", file: file, code: EEXIST)
    }
    disk.rename(name, to: newName)
  }

  func remove(_ name: String) throws(SystemCallError) {
    let file = path(of: name)
    try process.gate("remove", file)
    if disk.names[name] == nil { throw SystemCallError("remove", file: file, code: ENOENT) }
    disk.remove(name)
  }

  func synchronise() throws(SystemCallError) {
    try process.gate("fsync", path)
    if process.failsSync() { throw process.failure("fsync", path) }
    disk.synchroniseNames()
  }

  func freeByteCount() -> UInt64? {
    if process.isDead || process.hidesFreeBytes { return nil }
    return UInt64(disk.freeByteCount)
  }

  func lock(_ name: String) throws -> any AnyObject & Sendable {
    let file = path(of: name)
    try process.gate("lock", file)
    if let holder = lockHolder.process, lockHolder.token != nil, !holder.isDead {
      throw FileFault(
        file: file, found: "a lock held by a living process", expected: "a free journal")
    }
    if disk.names[name] == nil { _ = disk.create(name, nowS: nowS) }
    let token = Token()
    lockHolder.process = process
    lockHolder.token = token
    return token
  }
}

/// A file of it.
final class SimulatedFile: StoredFile, @unchecked Sendable {
  // Unchecked: a simulation and all that belongs to it run in one thread.
  let path: String
  fileprivate let node: SimulatedDisk.Node
  fileprivate let process: SimulatedProcess
  private let clock: SimulatedClock

  init(
    _ node: SimulatedDisk.Node, path: String, process: SimulatedProcess, clock: SimulatedClock
  ) {
    self.node = node
    self.path = path
    self.process = process
    self.clock = clock
  }

  private var disk: SimulatedDisk { process.disk }
  fileprivate var nowS: Int { Int(clamping: clock.realtimeNs / 1_000_000_000) }

  func status() throws(SystemCallError) -> StoredFileStatus {
    try process.gate("stat", path)
    return StoredFileStatus(byteCount: node.view.count, modifiedS: node.modifiedS)
  }

  func read(
    into buffer: UnsafeMutableRawBufferPointer, at offset: Int
  ) throws(SystemCallError) -> Int {
    try process.gate("read", path)
    let count = max(0, min(buffer.count, node.view.count - offset))
    guard count > 0 else { return 0 }
    node.view.withUnsafeBytes {
      buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<offset + count]))
    }
    return count
  }

  /// This disk has no holes, and the question costs it nothing.
  func writtenRange(from offset: Int) -> Range<Int>? {
    offset < node.view.count ? offset..<node.view.count : nil
  }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(SystemCallError) {
    if process.isDead { throw SystemCallError("write", file: path, code: EIO) }
    if process.endsNow(path) {
      if process.plannedEnd == .kill {
        put(bytes, at: offset, count: bytes.count)
      } else {
        put(bytes, at: offset, count: disk.random.below(bytes.count + 1))
      }
      process.end(process.plannedEnd)
      throw SystemCallError("write", file: path, code: EIO)
    }
    if process.tearsWrite(of: path) {
      put(bytes, at: offset, count: disk.random.below(bytes.count + 1))
      throw process.failure("write", path)
    }
    let written = disk.write(bytes, to: node, at: offset, nowS: nowS)
    if written < bytes.count { throw process.failure("write", path, code: ENOSPC) }
  }

  private func put(_ bytes: UnsafeRawBufferPointer, at offset: Int, count: Int) {
    _ = disk.write(
      UnsafeRawBufferPointer(rebasing: bytes[..<count]), to: node, at: offset, nowS: nowS)
  }

  func truncate(to byteCount: Int) throws(SystemCallError) {
    try process.gate("truncate", path)
    disk.truncate(node, to: byteCount, nowS: nowS)
  }

  func allocate(byteCount: Int) throws(SystemCallError) {
    try process.gate("allocate", path)
    guard byteCount > node.view.count else { return }
    if byteCount - node.view.count > disk.freeByteCount {
      throw process.failure("allocate", path, code: ENOSPC)
    }
    disk.truncate(node, to: byteCount, nowS: nowS)
  }

  func synchronise() throws(SystemCallError) {
    try process.gate("fsync", path)
    if process.failsSync() {
      disk.loseUnsynchronised(node)
      throw process.failure("fsync", path)
    }
    disk.synchronise(node)
  }

  func region(byteCount: Int) throws(SystemCallError) -> any StoredRegion {
    try process.gate("map", path)
    precondition(node.view.count >= byteCount, "a region of bytes that are not allocated")
    return SimulatedRegion(self, byteCount: byteCount)
  }
}

/// A mapped file: bytes that are stored in it are in the file.
private final class SimulatedRegion: StoredRegion, @unchecked Sendable {
  // Unchecked: used by the simulation's one thread.
  let byteCount: Int
  private let file: SimulatedFile

  init(_ file: SimulatedFile, byteCount: Int) {
    self.file = file
    self.byteCount = byteCount
  }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
    let process = file.process
    if process.isDead { return }
    var count = bytes.count
    let ends = process.endsNow(file.path)
    if ends { count = process.disk.random.below(count + 1) }
    _ = process.disk.write(
      UnsafeRawBufferPointer(rebasing: bytes[..<count]), to: file.node, at: offset, nowS: file.nowS)
    if ends { process.end(process.plannedEnd) }
  }

  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) {
    file.node.view.withUnsafeBytes {
      buffer.copyMemory(
        from: UnsafeRawBufferPointer(rebasing: $0[offset..<offset + buffer.count]))
    }
  }

  func synchronise() throws(SystemCallError) { try file.synchronise() }
}
