internal import CLinux
internal import Glibc
internal import Synchronization

/// A folder on a file system of this machine.
///
/// Names are looked up by the path at each call. Once it is held or locked here, nothing is made,
/// renamed or removed under a path that names another folder.
///
/// `@unchecked`: the path in the system's form is constant until the last reference goes.
public final class DiskFolder: FolderStore, @unchecked Sendable {
  /// The path as given.
  public let path: String
  private let systemPath: UnsafeMutablePointer<CChar>
  /// Device and number of the folder in which a lock was taken.
  private let place = Mutex<(device: UInt64, number: UInt64)?>(nil)

  /// The folder at `path`, which need not exist yet.
  public init(_ path: String) {
    guard let copy = strdup(path) else { preconditionFailure("no memory for a path") }
    self.path = path
    systemPath = copy
  }

  deinit { free(systemPath) }

  /// Makes the folder with mode 0755.
  public func make() throws(SystemCallError) {
    if mkdir(path, 0o755) == 0 {
      try synchroniseFolder(of: path.hasSuffix("/") ? String(path.dropLast()) : path)
      return
    }
    let code = errno
    if code != EEXIST { throw SystemCallError("make the folder", file: path, code: code) }
  }

  /// Reads the whole folder.
  public func names() throws(SystemCallError) -> [String] { try fileNames(in: path) }

  /// Follows links. A link to nothing, or in a circle, is no regular file.
  public func status(of name: String) throws(SystemCallError) -> StoredFileStatus? {
    let file = path(of: name)
    var found = stat()
    do {
      try retryingOnInterrupt("stat", file: file) { stat(file, &found) }
    } catch {
      guard error.code == ENOENT || error.code == ELOOP else { throw error }
      return lstat(file, &found) == 0 ? StoredFileStatus(found) : nil
    }
    return StoredFileStatus(found)
  }

  /// Opens with mode 0644.
  public func open(
    _ name: String, _ mode: StoredFileMode
  ) throws(SystemCallError) -> any StoredFile {
    let flags =
      switch mode {
      case .reading: O_RDONLY
      case .writing: O_RDWR
      case .creating: O_RDWR | O_CREAT
      case .creatingNew: O_RDWR | O_CREAT | O_EXCL
      }
    if mode != .reading { try confirmPlace() }
    return DiskFile(try OpenFile(opening: path(of: name), flags: flags))
  }

  /// Falls back to a second link, then to a look, where the file system has no exclusive rename.
  public func rename(
    _ name: String, to newName: String, replacing: Bool
  ) throws(SystemCallError) {
    try confirmPlace()
    try renameFile(path(of: name), to: path(of: newName), replacing: replacing)
  }

  /// Unlinks.
  public func remove(_ name: String) throws(SystemCallError) {
    try confirmPlace()
    let file = path(of: name)
    try retryingOnInterrupt("remove", file: file) { unlink(file) }
  }

  /// Removes the folder itself; throws where a file is in it.
  package func removeFolder() throws(SystemCallError) {
    try confirmPlace()
    try retryingOnInterrupt("remove", file: path) { rmdir(path) }
  }

  /// Synchronises the folder, where its file system can.
  public func synchronise() throws(SystemCallError) { try synchroniseFolder(at: path) }

  /// Asks the file system what an unprivileged process may write.
  public func freeByteCount() -> UInt64? {
    var status = statvfs()
    while statvfs(systemPath, &status) != 0 {
      if errno != EINTR { return nil }
    }
    let (free, isTooMuch) = UInt64(status.f_bavail)
      .multipliedReportingOverflow(by: UInt64(status.f_frsize))
    return isTooMuch ? .max : free
  }

  /// Locks by flock(2).
  public func lock(_ name: String) throws -> any AnyObject & Sendable {
    let lock = try FileLock(path(of: name))
    notePlace()
    return lock
  }

  /// Holds the folder itself, as `HeldFolder` does, until the object goes. From then on nothing is
  /// made, renamed or removed under a path that names another folder.
  /// - Throws: a `FileFault` where another process holds it.
  package func hold() throws -> HeldFolder {
    let held = try HeldFolder(path)
    notePlace()
    return held
  }

  private func notePlace() {
    let found = currentPlace()
    place.withLock { $0 = found }
  }

  /// Compares device and number of what the path names with those of the folder that was locked.
  public func confirmPlace() throws(SystemCallError) {
    guard let locked = place.withLock({ $0 }) else { return }
    let found = currentPlace()
    if found?.device != locked.device || found?.number != locked.number {
      throw SystemCallError("find again", file: path, code: ESTALE)
    }
  }

  private func currentPlace() -> (device: UInt64, number: UInt64)? {
    var found = stat()
    while stat(systemPath, &found) != 0 {
      if errno != EINTR { return nil }
    }
    return (UInt64(found.st_dev), UInt64(found.st_ino))
  }
}

/// A file of a `DiskFolder`.
final class DiskFile: StoredFile {
  private let file: OpenFile

  init(_ file: consuming OpenFile) { self.file = file }

  var path: String { file.path }

  func status() throws(SystemCallError) -> StoredFileStatus { try file.status() }

  func read(
    into buffer: UnsafeMutableRawBufferPointer, at offset: Int
  ) throws(SystemCallError) -> Int {
    try file.read(into: buffer, at: offset)
  }

  func writtenRange(from offset: Int) throws(SystemCallError) -> Range<Int>? {
    try file.writtenRange(from: offset)
  }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(SystemCallError) {
    try file.write(bytes, at: offset)
  }

  func truncate(to byteCount: Int) throws(SystemCallError) { try file.truncate(to: byteCount) }

  func allocate(byteCount: Int) throws(SystemCallError) {
    let code = posix_fallocate(file.descriptor, 0, off_t(byteCount))
    if code != 0 { throw SystemCallError("allocate", file: path, code: code) }
  }

  func synchronise() throws(SystemCallError) { try file.synchronise() }

  func region(byteCount: Int) throws(SystemCallError) -> any StoredRegion {
    try DiskRegion(file, byteCount: byteCount)
  }
}

/// A file mapped to be written. Its blocks were taken before: a store to a mapped page cannot
/// report a full disk.
///
/// `@unchecked`: one thread writes, and msync may run beside it.
private final class DiskRegion: StoredRegion, @unchecked Sendable {
  private let memory: UnsafeMutableRawBufferPointer
  private let path: String
  /// Its entry in the list of mappings, by which the message at a lost page names the file.
  private let mapping: UnsafeMutableRawPointer?

  init(_ file: borrowing OpenFile, byteCount: Int) throws(SystemCallError) {
    let address = mmap(
      nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, file.descriptor, 0)
    guard let address, address != MAP_FAILED else {
      throw SystemCallError("map", file: file.path)
    }
    memory = UnsafeMutableRawBufferPointer(start: address, count: byteCount)
    path = file.path
    // A file that somebody cuts ends the process, with a message.
    mapping = tamis_mapping_add(address, byteCount, path)
  }

  deinit {
    tamis_mapping_forget(mapping)
    munmap(memory.baseAddress, memory.count)
  }

  var byteCount: Int { memory.count }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
    UnsafeMutableRawBufferPointer(rebasing: memory[offset..<offset + bytes.count])
      .copyMemory(from: bytes)
    // A kill leaves what came before in the order of the program.
    atomicMemoryFence(ordering: .releasing)
  }

  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) {
    buffer.copyMemory(
      from: UnsafeRawBufferPointer(rebasing: memory[offset..<offset + buffer.count]))
  }

  func synchronise() throws(SystemCallError) {
    try retryingOnInterrupt("msync", file: path) {
      msync(memory.baseAddress, memory.count, MS_SYNC)
    }
  }
}
