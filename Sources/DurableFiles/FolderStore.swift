internal import Glibc

/// A folder and the files in it, as a journal needs them: the one way by which journal, ledger,
/// cursor and decisions reach the disk. `DiskFolder` is the real one; tests and the simulator have
/// their own, which fail, cut and forget on demand.
///
/// The promises of a store: a name that was made, renamed or removed is durable only after
/// `synchronise()` of the folder, and a file's bytes and length only after `synchronise()` of the
/// file. Before that a power failure may leave any part of them. Names are plain file names,
/// without a slash. All methods may be called from several threads at once.
public protocol FolderStore: AnyObject, Sendable {
  /// Where it is, for messages and for what is read from outside.
  var path: String { get }

  /// Makes the folder where it is missing, durably. Its parent must exist.
  func make() throws(SystemCallError)
  /// All names in it, sorted, without `.` and `..`.
  func names() throws(SystemCallError) -> [String]
  /// The status of the file or folder `name`; nil where there is none.
  func status(of name: String) throws(SystemCallError) -> StoredFileStatus?
  /// Opens a regular file. The file is closed when the last reference goes.
  func open(_ name: String, _ mode: StoredFileMode) throws(SystemCallError) -> any StoredFile
  /// Gives the file `name` the name `newName`. Where that is taken it is replaced, or EEXIST is
  /// thrown if `replacing` is false.
  func rename(_ name: String, to newName: String, replacing: Bool) throws(SystemCallError)
  /// Removes the file `name`; throws ENOENT where there is none.
  func remove(_ name: String) throws(SystemCallError)
  /// Returns when the names are on the disk. Where the file system cannot do this for a folder at
  /// all, it returns at once.
  func synchronise() throws(SystemCallError)
  /// Bytes that this process may still write; nil where the system does not say. Allocates nothing.
  func freeByteCount() -> UInt64?
  /// Holds the lock of the file `name`, which is made where it is missing, until the object that is
  /// returned goes or the process ends. Throws a `FileFault` that names the holder where another
  /// process has it.
  func lock(_ name: String) throws -> any AnyObject & Sendable
  /// Throws ESTALE where a lock was taken here and the path names another folder by now, or none:
  /// what is written there would be lost, or get into the files of whoever has begun anew. Allocates
  /// nothing.
  func confirmPlace() throws(SystemCallError)
}

extension FolderStore {
  /// A folder that nobody can move.
  public func confirmPlace() {}
}

/// How a file is opened.
public enum StoredFileMode: Sendable {
  /// To be read; it must exist.
  case reading
  /// To be read and written; it must exist.
  case writing
  /// To be read and written; it is made where it is missing.
  case creating
  /// To be read and written; it must not exist (EEXIST).
  case creatingNew
}

/// The facts of a file or folder.
public struct StoredFileStatus: Equatable, Sendable {
  /// Size in bytes.
  public var byteCount: Int
  /// When the content was last changed, in seconds since the epoch.
  public var modifiedS: Int
  /// False for a folder, FIFO, socket or device.
  public var isRegular: Bool

  /// Describes a file, or with `isRegular` false a folder, FIFO, socket or device.
  public init(byteCount: Int, modifiedS: Int, isRegular: Bool = true) {
    self.byteCount = byteCount
    self.modifiedS = modifiedS
    self.isRegular = isRegular
  }
}

/// An open file of a store. It has no position: every call says where.
public protocol StoredFile: AnyObject, Sendable {
  /// For messages.
  var path: String { get }

  /// Size and time.
  func status() throws(SystemCallError) -> StoredFileStatus
  /// Fills as much of `buffer` as the file holds from `offset` on; returns the bytes read.
  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(SystemCallError)
    -> Int
  /// The next bytes at or behind `offset` that were written. Between them are holes, which read as 0
  /// and take no room. Nil where nothing but a hole, or nothing at all, follows. Where the file system
  /// does not tell, all bytes count as written.
  func writtenRange(from offset: Int) throws(SystemCallError) -> Range<Int>?
  /// Writes all of `bytes` at `offset`, which makes the file longer where it ends before. A failure
  /// may leave a part written.
  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(SystemCallError)
  /// Cuts or extends the file to `byteCount`.
  func truncate(to byteCount: Int) throws(SystemCallError)
  /// Makes the file at least `byteCount` long and takes the blocks for it, so that no write below
  /// fails for want of space. New bytes are 0.
  func allocate(byteCount: Int) throws(SystemCallError)
  /// Returns when bytes and length are on the disk. After a failure whatever was written since the
  /// last success may be lost, also where a later call succeeds: it must be written again.
  func synchronise() throws(SystemCallError)
  /// The file's first `byteCount` bytes, which are allocated, as memory that outlives the process.
  func region(byteCount: Int) throws(SystemCallError) -> any StoredRegion
}

/// Memory that is a file: what was written survives the end of the process at once, and a power
/// failure after `synchronise`; before, any part of it may. One thread writes, others may
/// synchronise. Calls allocate nothing.
public protocol StoredRegion: AnyObject, Sendable {
  /// Size in bytes.
  var byteCount: Int { get }
  /// Copies `bytes` to `offset`; a kill may leave a part copied.
  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int)
  /// Fills `buffer` from `offset` on.
  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int)
  /// Returns when what was written is on the disk.
  func synchronise() throws(SystemCallError)
}

extension FolderStore {
  /// `path/name`, for messages.
  public func path(of name: String) -> String { joined(path, name) }

  /// The whole content of the file `name`; nil where there is none. A file of more than
  /// `byteCountMax` bytes is refused unread.
  public func content(
    of name: String, byteCountMax: Int = .max
  ) throws(SystemCallError) -> [UInt8]? {
    try openIfThere(name)?.content(byteCountMax: byteCountMax)
  }

  /// The first `byteCountMax` bytes of the file `name`, or all where it has fewer; nil where there
  /// is none.
  public func beginning(
    of name: String, byteCountMax: Int
  ) throws(SystemCallError) -> [UInt8]? {
    try openIfThere(name)?.beginning(byteCountMax: byteCountMax)
  }

  private func openIfThere(_ name: String) throws(SystemCallError) -> (any StoredFile)? {
    do {
      return try open(name, .reading)
    } catch {
      if error.code == ENOENT { return nil }
      throw error
    }
  }

  /// Puts a file of these bytes in the place of `name`, or under this new name, durably: at every
  /// moment there is the old file or the new one. Uses the name `NAME.new` meanwhile.
  package func replace(_ name: String, with bytes: [UInt8]) throws(SystemCallError) {
    try replace(name) { (file) throws(SystemCallError) in try file.write(bytes, at: 0) }
  }

  /// The same with a file that `fill` writes; the file is empty before.
  package func replace(
    _ name: String, byFilling fill: (any StoredFile) throws(SystemCallError) -> Void
  ) throws(SystemCallError) {
    let temporary = name + replacementSuffix
    do throws(SystemCallError) {
      let file = try open(temporary, .creating)
      try file.truncate(to: 0)
      try fill(file)
      try file.synchronise()
      try rename(temporary, to: name, replacing: true)
    } catch {
      try? remove(temporary)
      throw error
    }
    try synchronise()
  }

  /// Renames the file `name` to `NAME.aside-N`, with the lowest free N, durably. It is not read any
  /// more, and none of it is lost.
  /// - Returns: the new name.
  public func setAside(_ name: String) throws(SystemCallError) -> String {
    var number = 1
    while true {
      let newName = "\(name)\(asideSuffix)\(number)"
      do throws(SystemCallError) {
        try rename(name, to: newName, replacing: false)
      } catch {
        guard error.code == EEXIST else { throw error }
        number += 1
        continue
      }
      try synchronise()
      return newName
    }
  }

  /// Those of `names` that are there and are no regular file, such as a folder or a FIFO.
  public func irregularNames(_ names: [String]) throws(SystemCallError) -> [String] {
    var irregular: [String] = []
    for name in names {
      if let status = try status(of: name), !status.isRegular { irregular.append(name) }
    }
    return irregular
  }

  /// Sets aside each of `names` that is no regular file.
  /// - Returns: a line for each.
  public func setAsideIrregular(_ names: [String]) throws(SystemCallError) -> [String] {
    var notes: [String] = []
    for name in try irregularNames(names) {
      let aside = try setAside(name)
      notes.append("\(path(of: name)): found no regular file; kept as \(aside)")
    }
    return notes
  }
}

/// The suffix that `FolderStore.replace` adds to the name of a file that is not whole yet.
package let replacementSuffix = ".new"

/// The part between the name of a file that was set aside and its number.
public let asideSuffix = ".aside-"

extension StoredFile {
  /// Writes all of `bytes` at `offset`, as of a buffer.
  package func write(_ bytes: [UInt8], at offset: Int) throws(SystemCallError) {
    try bytes.span.withUnsafeBytes { (bytes) throws(SystemCallError) in
      try write(bytes, at: offset)
    }
  }

  /// All bytes of the file, for a store that knows of no holes.
  public func writtenRange(from offset: Int) throws(SystemCallError) -> Range<Int>? {
    let byteCount = try status().byteCount
    return offset < byteCount ? offset..<byteCount : nil
  }

  /// Where a hole begins behind the written bytes from `offset` on; nil where the file has none there.
  package func hole(from offset: Int) throws(SystemCallError) -> Int? {
    let byteCount = try status().byteCount
    guard offset < byteCount else { return nil }
    guard let range = try writtenRange(from: offset), range.lowerBound == offset else {
      return offset
    }
    return range.upperBound < byteCount ? range.upperBound : nil
  }

  /// The end of the file without the zeros at its end, whether they were written or are a hole.
  package func endWithoutZeros() throws(SystemCallError) -> Int {
    var ranges: [Range<Int>] = []
    var end = 0
    while let range = try writtenRange(from: end), range.upperBound > end {
      ranges.append(range)
      end = range.upperBound
    }
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
    defer { piece.deallocate() }
    for range in ranges.reversed() {
      var end = range.upperBound
      while end > range.lowerBound {
        let start = max(range.lowerBound, end - piece.count)
        let count = try read(
          into: UnsafeMutableRawBufferPointer(rebasing: piece[..<(end - start)]), at: start)
        if let last = piece[..<count].lastIndex(where: { $0 != 0 }) { return start + last + 1 }
        end = start
      }
    }
    return 0
  }

  /// Everything that is in the file now. More than `byteCountMax` bytes are refused unread.
  public func content(byteCountMax: Int = .max) throws(SystemCallError) -> [UInt8] {
    let byteCount = max(0, try status().byteCount)
    return try bytes(byteCount, byteCountMax: byteCountMax)
  }

  /// The first `byteCountMax` bytes, or all where there are fewer.
  public func beginning(byteCountMax: Int) throws(SystemCallError) -> [UInt8] {
    let byteCount = min(max(0, try status().byteCount), byteCountMax)
    return try bytes(byteCount, byteCountMax: byteCountMax)
  }

  private func bytes(_ byteCount: Int, byteCountMax: Int) throws(SystemCallError) -> [UInt8] {
    let buffer = try memory(forAll: byteCount, of: path, byteCountMax: byteCountMax)
    defer { free(buffer.baseAddress) }
    let filled = try read(
      into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<byteCount]), at: 0)
    return Array(buffer[..<filled])
  }
}
