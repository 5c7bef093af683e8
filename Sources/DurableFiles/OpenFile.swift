internal import Glibc

/// An open file descriptor, closed exactly once.
public struct OpenFile: ~Copyable, Sendable {
  /// The descriptor, valid as long as the handle lives.
  public let descriptor: CInt
  /// The path it was opened by, for messages.
  public let path: String

  /// Opens the regular file `path` with the flags of open(2); `O_CLOEXEC` is always added.
  /// Anything else than a regular file is refused and never waited for; `O_DIRECTORY` opens a folder.
  public init(opening path: String, flags: CInt, mode: UInt32 = 0o644) throws(SystemCallError) {
    descriptor = try openRegular(path, flags: flags, mode: mode)
    self.path = path
  }

  private init(descriptor: CInt, path: String) {
    self.descriptor = descriptor
    self.path = path
  }

  deinit { close(descriptor) }

  /// Size, time and kind.
  public func status() throws(SystemCallError) -> StoredFileStatus {
    var status = stat()
    try retryingOnInterrupt("stat", file: path) { fstat(descriptor, &status) }
    return StoredFileStatus(status)
  }

  /// The file's size in bytes.
  public func byteCount() throws(SystemCallError) -> Int { try status().byteCount }

  /// When the content was last changed, in seconds since the epoch.
  public func modifiedS() throws(SystemCallError) -> Int { try status().modifiedS }

  /// Writes all of `bytes` at the current position; a failure may leave a part written.
  public func writeAll(_ bytes: UnsafeRawBufferPointer) throws(SystemCallError) {
    var rest = bytes
    while let base = rest.baseAddress, rest.count > 0 {
      let written = try retryingOnInterrupt("write", file: path) {
        Glibc.write(descriptor, base, rest.count)
      }
      rest = UnsafeRawBufferPointer(rebasing: rest[written...])
    }
  }

  /// Writes all of `bytes` at `offset`; a failure may leave a part written.
  public func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(SystemCallError) {
    var done = 0
    while done < bytes.count, let base = bytes.baseAddress {
      done += try retryingOnInterrupt("write", file: path) {
        pwrite(descriptor, base + done, bytes.count - done, off_t(offset + done))
      }
    }
  }

  /// Fills as much of `buffer` as the file holds from `offset` on; returns the bytes read.
  public func read(
    into buffer: UnsafeMutableRawBufferPointer, at offset: Int
  ) throws(SystemCallError) -> Int {
    var filled = 0
    while filled < buffer.count, let base = buffer.baseAddress {
      let count = try retryingOnInterrupt("read", file: path) {
        pread(descriptor, base + filled, buffer.count - filled, off_t(offset + filled))
      }
      if count == 0 { break }
      filled += count
    }
    return filled
  }

  /// The next bytes at or behind `offset` that were written, and are no hole; nil where nothing follows.
  /// Moves the current position. Where the file system knows no holes, all is written.
  public func writtenRange(from offset: Int) throws(SystemCallError) -> Range<Int>? {
    let start = lseek(descriptor, off_t(offset), seekData)
    guard start >= 0 else {
      // ENXIO: at or behind the end, or in the hole before it.
      if errno == ENXIO { return nil }
      let byteCount = try self.byteCount()
      return offset < byteCount ? offset..<byteCount : nil
    }
    let end = lseek(descriptor, start, seekHole)
    return Int(start)..<(end > start ? Int(end) : max(Int(start), try byteCount()))
  }

  /// Cuts or extends the file to `byteCount`.
  public func truncate(to byteCount: Int) throws(SystemCallError) {
    try retryingOnInterrupt("truncate", file: path) { ftruncate(descriptor, off_t(byteCount)) }
  }

  /// Returns when the file's content is on the disk.
  public func synchronise() throws(SystemCallError) {
    try retryingOnInterrupt("fsync", file: path) { fdatasync(descriptor) }
  }
}

/// SEEK_DATA and SEEK_HOLE of lseek(2), which the headers have for C with extensions alone.
private let seekData: CInt = 3
private let seekHole: CInt = 4

private func openRegular(
  _ path: String, flags: CInt, mode: mode_t
) throws(SystemCallError) -> CInt {
  // Without O_NONBLOCK a FIFO without a writer would block here.
  let descriptor = try retryingOnInterrupt("open", file: path) {
    open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, mode)
  }
  // With O_EXCL the file was made just now. A look at it that fails would leave its name behind.
  if flags & (O_DIRECTORY | O_EXCL) != 0 { return descriptor }
  do {
    try refuseIrregular(descriptor, path: path)
  } catch {
    close(descriptor)
    throw error
  }
  return descriptor
}

private func refuseIrregular(_ descriptor: CInt, path: String) throws(SystemCallError) {
  var status = stat()
  try retryingOnInterrupt("stat", file: path) { fstat(descriptor, &status) }
  if let kind = irregularKind(status.st_mode) {
    throw SystemCallError(irregular: kind, file: path)
  }
}

/// The kind of a file that is no regular one, for messages; nil for a regular file.
func irregularKind(_ mode: mode_t) -> String? {
  switch mode & S_IFMT {
  case S_IFREG: nil
  case S_IFDIR: "a folder"
  case S_IFCHR, S_IFBLK: "a device"
  case S_IFIFO: "a FIFO"
  case S_IFSOCK: "a socket"
  default: "no regular file"
  }
}

extension StoredFileStatus {
  init(_ status: stat) {
    self.init(
      byteCount: Int(status.st_size), modifiedS: status.st_mtim.tv_sec,
      isRegular: status.st_mode & S_IFMT == S_IFREG)
  }
}
