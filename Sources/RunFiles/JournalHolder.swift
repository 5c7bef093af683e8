internal import DurableFiles
internal import Glibc

/// The process that has the journal in `folder` open, in words. Nil where none has, and where it
/// cannot be known. Does not take the lock.
public func journalHolder(folder: String) -> String? {
  let path = joined(folder, FlaggedJournal.lockName)
  guard let file = try? OpenFile(opening: path, flags: O_RDONLY) else { return nil }
  // Released with the handle, at once.
  if flock(file.descriptor, LOCK_SH | LOCK_NB) == 0 || errno != EWOULDBLOCK { return nil }
  let digits = withUnsafeTemporaryAllocation(byteCount: 20, alignment: 1) { buffer in
    let count = (try? file.read(into: buffer, at: 0)) ?? 0
    return String(decoding: buffer.prefix(count).prefix { 0x30...0x39 ~= $0 }, as: UTF8.self)
  }
  return digits.isEmpty ? "another process" : "process \(digits)"
}
