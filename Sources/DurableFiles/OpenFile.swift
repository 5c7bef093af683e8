public import Glibc

/// An open file descriptor, closed exactly once.
public struct OpenFile: ~Copyable {
  /// The descriptor, valid as long as the handle lives.
  public let descriptor: CInt
  /// The path it was opened by, for messages.
  public let path: String

  /// Opens `path` with the flags of open(2); `O_CLOEXEC` is always added.
  public init(opening path: String, flags: CInt, mode: mode_t = 0o644) throws(SystemCallError) {
    descriptor = try retryingOnInterrupt("open", file: path) { open(path, flags | O_CLOEXEC, mode) }
    self.path = path
  }

  private init(descriptor: CInt, path: String) {
    self.descriptor = descriptor
    self.path = path
  }

  deinit { close(descriptor) }

  /// A second handle of the same open file, for another thread; the two share position and errors.
  public func duplicate() throws(SystemCallError) -> OpenFile {
    let copy = try retryingOnInterrupt("duplicate", file: path) {
      fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
    }
    return OpenFile(descriptor: copy, path: path)
  }

  /// The file's size in bytes.
  public func byteCount() throws(SystemCallError) -> Int {
    var status = stat()
    try retryingOnInterrupt("stat", file: path) { fstat(descriptor, &status) }
    return Int(status.st_size)
  }

  /// When the content was last changed, in seconds since the epoch.
  public func modifiedS() throws(SystemCallError) -> Int {
    var status = stat()
    try retryingOnInterrupt("stat", file: path) { fstat(descriptor, &status) }
    return status.st_mtim.tv_sec
  }

  /// Writes all of `bytes` at the current position; a failure may leave a part written.
  public func writeAll(_ bytes: UnsafeRawBufferPointer) throws(SystemCallError) {
    var rest = bytes
    while let base = rest.baseAddress, rest.count > 0 {
      let written = try retryingOnInterrupt("write", file: path) {
        write(descriptor, base, rest.count)
      }
      rest = UnsafeRawBufferPointer(rebasing: rest[written...])
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

  /// Cuts or extends the file to `byteCount`.
  public func truncate(to byteCount: Int) throws(SystemCallError) {
    try retryingOnInterrupt("truncate", file: path) { ftruncate(descriptor, off_t(byteCount)) }
  }

  /// Returns when the file's content is on the disk.
  public func synchronise() throws(SystemCallError) {
    try retryingOnInterrupt("fsync", file: path) { fdatasync(descriptor) }
  }
}
