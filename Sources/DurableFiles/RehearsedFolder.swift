internal import Glibc

/// A folder whose changes stay in memory: files on the disk are read, and none is changed. It shows
/// what a program would do with a folder.
///
/// Only files with other bytes than on the disk are in memory: not one that is only read or cut, nor
/// one whose bytes are written again as they are. Nothing is locked. Opening a file fails where the
/// process may not write it, and writing fails where the disk would lack room or a file would become
/// longer than the process may make one.
///
/// `@unchecked`: for one thread.
package final class RehearsedFolder: FolderStore, @unchecked Sendable {
  /// As given.
  package let path: String
  private let disk: DiskFolder
  /// The files under the names that have changed; nil where a name has no file any more.
  private var changed: [String: RehearsedNode?] = [:]

  private let room: Room

  /// The folder at `path`, which need not exist.
  /// - Parameter refusal: the errno of a write that needs more room, where the disk is known to refuse
  ///   it: ENOSPC or EDQUOT. Otherwise there is as much room as the disk has.
  package init(_ path: String, refusal: CInt? = nil) {
    self.path = path
    disk = DiskFolder(path)
    let free = refusal == nil ? disk.freeByteCount().map { Int(clamping: $0) } ?? .max : 0
    room = Room(byteCount: free, refusal: refusal ?? ENOSPC)
  }

  package func make() {}

  package func names() throws(SystemCallError) -> [String] {
    var names: Set<String> = []
    do throws(SystemCallError) {
      names.formUnion(try disk.names())
    } catch {
      guard error.code == ENOENT else { throw error }
    }
    for (name, node) in changed {
      if node == nil { names.remove(name) } else { names.insert(name) }
    }
    return names.sorted()
  }

  package func status(of name: String) throws(SystemCallError) -> StoredFileStatus? {
    try node(of: name)?.status(in: disk)
  }

  /// The file under `name`; nil where there is none.
  private func node(of name: String) throws(SystemCallError) -> RehearsedNode? {
    if let known = changed[name] { return known }
    return try disk.status(of: name) == nil ? nil : RehearsedNode(diskName: name)
  }

  package func open(
    _ name: String, _ mode: StoredFileMode
  ) throws(SystemCallError) -> any StoredFile {
    let path = path(of: name)
    if let node = try node(of: name) {
      if mode == .creatingNew { throw SystemCallError("open", file: path, code: EEXIST) }
      changed[name] = .some(node)
      return RehearsedFile(
        node, path: path, disk: try openOnDisk(node, isRead: mode == .reading), room: room)
    }
    if mode == .reading || mode == .writing {
      throw SystemCallError("open", file: path, code: ENOENT)
    }
    let node = RehearsedNode(diskName: nil)
    changed[name] = .some(node)
    return RehearsedFile(node, path: path, disk: nil, room: room)
  }

  private func openOnDisk(
    _ node: RehearsedNode, isRead: Bool
  ) throws(SystemCallError) -> (any StoredFile)? {
    guard let name = node.diskName else { return nil }
    let file = try disk.open(name, .reading)
    if !isRead, access(file.path, R_OK | W_OK) != 0 {
      throw SystemCallError("open", file: file.path)
    }
    return file
  }

  package func rename(
    _ name: String, to newName: String, replacing: Bool
  ) throws(SystemCallError) {
    guard let node = try node(of: name) else {
      throw SystemCallError("rename", file: path(of: name), code: ENOENT)
    }
    if let other = try self.node(of: newName) {
      if !replacing { throw SystemCallError("rename", file: path(of: newName), code: EEXIST) }
      let isFolder = isFolder(node)
      if isFolder != self.isFolder(other) {
        throw SystemCallError("rename", file: path(of: name), code: isFolder ? ENOTDIR : EISDIR)
      }
    }
    if name == newName { return }
    changed[newName] = .some(node)
    changed[name] = .some(nil)
  }

  package func remove(_ name: String) throws(SystemCallError) {
    guard let node = try node(of: name) else {
      throw SystemCallError("remove", file: path(of: name), code: ENOENT)
    }
    if isFolder(node) { throw SystemCallError("remove", file: path(of: name), code: EISDIR) }
    changed[name] = .some(nil)
  }

  private func isFolder(_ node: RehearsedNode) -> Bool {
    guard let name = node.diskName else { return false }
    var status = stat()
    return lstat(disk.path(of: name), &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  package func synchronise() {}

  package func freeByteCount() -> UInt64? { disk.freeByteCount() }

  /// Opens or makes the file, and locks nothing.
  package func lock(_ name: String) throws -> any AnyObject & Sendable {
    _ = try open(name, .creating)
    return self
  }
}

/// The room on the disk for files that grow. What other files give back is not counted.
///
/// `@unchecked`: for one thread.
private final class Room: @unchecked Sendable {
  private var byteCount: Int
  private let refusal: CInt
  private static let blockByteCount = 4_096

  init(byteCount: Int, refusal: CInt) {
    self.byteCount = byteCount
    self.refusal = refusal
  }

  func take(from old: Int, to new: Int, file: String) throws(SystemCallError) {
    let blocks = { (byteCount: Int) in (byteCount + Self.blockByteCount - 1) / Self.blockByteCount }
    let needed = (blocks(new) - blocks(old)) * Self.blockByteCount
    guard needed > 0 else { return }
    if needed > byteCount { throw SystemCallError("write", file: file, code: refusal) }
    byteCount -= needed
  }
}

/// The file under a name: one of the disk, as it is or cut, or bytes in memory.
///
/// `@unchecked`: for one thread.
private final class RehearsedNode: @unchecked Sendable {
  /// The file on the disk; nil where it is new.
  let diskName: String?
  /// All bytes, once they are others than on the disk.
  var memory: [UInt8]?
  /// The file ends here where that is before its end on the disk.
  var byteCountMax = Int.max
  var modifiedS: Int?

  init(diskName: String?) {
    self.diskName = diskName
    if diskName == nil { (memory, modifiedS) = ([], Int(time(nil))) }
  }

  func status(in disk: DiskFolder) throws(SystemCallError) -> StoredFileStatus? {
    guard let diskName else { return status(of: nil) }
    return try disk.status(of: diskName).map { status(of: $0) }
  }

  func status(of onDisk: StoredFileStatus?) -> StoredFileStatus {
    StoredFileStatus(
      byteCount: memory?.count ?? min(onDisk?.byteCount ?? 0, byteCountMax),
      modifiedS: modifiedS ?? onDisk?.modifiedS ?? 0, isRegular: onDisk?.isRegular ?? true)
  }
}

/// An open file of a `RehearsedFolder`.
private final class RehearsedFile: StoredFile {
  let path: String
  fileprivate let node: RehearsedNode
  private let disk: (any StoredFile)?
  private let room: Room

  init(_ node: RehearsedNode, path: String, disk: (any StoredFile)?, room: Room) {
    self.node = node
    self.path = path
    self.disk = disk
    self.room = room
  }

  func status() throws(SystemCallError) -> StoredFileStatus { node.status(of: try disk?.status()) }

  func read(
    into buffer: UnsafeMutableRawBufferPointer, at offset: Int
  ) throws(SystemCallError) -> Int {
    if let memory = node.memory {
      let count = max(0, min(buffer.count, memory.count - offset))
      buffer.copyBytes(from: memory[min(offset, memory.count)...].prefix(count))
      return count
    }
    let count = max(0, min(buffer.count, node.byteCountMax - offset))
    return try disk?.read(
      into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]), at: offset) ?? 0
  }

  func writtenRange(from offset: Int) throws(SystemCallError) -> Range<Int>? {
    let byteCount = try status().byteCount
    guard offset < byteCount else { return nil }
    guard node.memory == nil, let disk else { return offset..<byteCount }
    guard let range = try disk.writtenRange(from: offset), range.lowerBound < byteCount else {
      return nil
    }
    return range.lowerBound..<min(range.upperBound, byteCount)
  }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(SystemCallError) {
    try refuseBeyondLimit(offset + bytes.count, "write")
    if try standThere(bytes, at: offset) { return }
    try room.take(from: status().byteCount, to: offset + bytes.count, file: path)
    try change { memory in
      let end = offset + bytes.count
      if memory.count < end { memory += [UInt8](repeating: 0, count: end - memory.count) }
      memory.withUnsafeMutableBytes {
        UnsafeMutableRawBufferPointer(rebasing: $0[offset..<end]).copyMemory(from: bytes)
      }
    }
  }

  private func standThere(
    _ bytes: UnsafeRawBufferPointer, at offset: Int
  ) throws(SystemCallError) -> Bool {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 16)
    defer { buffer.deallocate() }
    return try read(into: buffer, at: offset) == bytes.count && buffer.elementsEqual(bytes)
  }

  /// Takes all bytes into memory, and has them changed there.
  fileprivate func change(_ body: (inout [UInt8]) -> Void) throws(SystemCallError) {
    var memory: [UInt8]
    if let present = node.memory { memory = present } else { memory = try content() }
    node.memory = nil
    body(&memory)
    (node.memory, node.modifiedS) = (memory, Int(time(nil)))
  }

  func truncate(to byteCount: Int) throws(SystemCallError) {
    if node.memory == nil, byteCount <= (try status().byteCount) {
      (node.byteCountMax, node.modifiedS) = (byteCount, Int(time(nil)))
      return
    }
    try refuseBeyondLimit(byteCount, "truncate")
    try change { memory in
      memory.removeLast(max(0, memory.count - byteCount))
      memory += [UInt8](repeating: 0, count: byteCount - memory.count)
    }
  }

  func allocate(byteCount: Int) throws(SystemCallError) {
    let present = try status().byteCount
    guard byteCount > present else { return }
    try refuseBeyondLimit(byteCount, "allocate")
    try room.take(from: present, to: byteCount, file: path)
    try truncate(to: byteCount)
  }

  private func refuseBeyondLimit(
    _ byteCount: Int, _ operation: String
  ) throws(SystemCallError) {
    if let limit = fileByteCountLimit(), byteCount > limit {
      throw SystemCallError(operation, file: path, code: EFBIG)
    }
  }

  func synchronise() {}

  func region(byteCount: Int) throws(SystemCallError) -> any StoredRegion {
    try change { _ in }
    return RehearsedRegion(self, byteCount: byteCount)
  }
}

/// The size that the process may give a file (RLIMIT_FSIZE); nil where it is not limited.
package func fileByteCountLimit() -> Int? {
  var limit = rlimit()
  guard getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0,
    limit.rlim_cur != rlim_t.max
  else { return nil }
  return Int(clamping: limit.rlim_cur)
}

/// A file of a `RehearsedFolder` as memory.
private final class RehearsedRegion: StoredRegion {
  let byteCount: Int
  private let file: RehearsedFile

  init(_ file: RehearsedFile, byteCount: Int) {
    self.file = file
    self.byteCount = byteCount
  }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
    file.node.memory?.withUnsafeMutableBytes {
      UnsafeMutableRawBufferPointer(rebasing: $0[offset..<offset + bytes.count])
        .copyMemory(from: bytes)
    }
  }

  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) {
    file.node.memory?.withUnsafeBytes {
      buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<offset + buffer.count]))
    }
  }

  func synchronise() {}
}
