internal import DurableFiles
internal import Glibc

/// One life of a daemon, as the disk sees it: after its end every call fails, so that its stages
/// come to their end without leaving a trace.
final class SimulatedProcess {
  /// How a process ends without being asked.
  enum End { case kill, powerCut }

  let disk: SimulatedDisk
  var isDead = false
  /// Calls until it ends; nil while nothing is planned.
  var callsLeft: Int?
  /// How the planned end comes.
  var plannedEnd = End.kill
  /// The file whose calls alone are counted for the planned end; nil for all calls. Small files are made
  /// within a few calls of a start, which a number of any calls hardly ever meets.
  var plannedFile: String?
  /// Told once, at the end.
  var whenItEnds: (End) -> Void = { _ in }

  /// One in this many calls fails; 0 for none.
  var failureOneIn = 0
  /// The file whose calls alone fail; nil for all.
  var failureFile: String?
  /// One in this many syncs fails and drops the bytes that it should have written; 0 for none.
  var syncFailureOneIn = 0
  /// The file system does not say how much is free.
  var hidesFreeBytes = false
  /// Calls that were made to fail since the start.
  private(set) var failureCount = 0
  /// Calls that found the disk full.
  private(set) var fullCount = 0
  /// Calls in all.
  private(set) var callCount = 0

  init(disk: SimulatedDisk) { self.disk = disk }

  /// Before each call: the end, or a fault, or nothing.
  func gate(_ operation: String, _ file: String) throws(SystemCallError) {
    try live(operation, file)
    if fails(file) { throw failure(operation, file) }
  }

  private func fails(_ file: String) -> Bool {
    guard failureOneIn > 0, Self.concerns(file, failureFile) else { return false }
    return disk.random.oneIn(failureOneIn)
  }

  /// Whether a call for the path `file` is one of those meant: of the file `name`, whole or in the making.
  private static func concerns(_ file: String, _ name: String?) -> Bool {
    name.map { file.contains($0) } ?? true
  }

  /// Whether a write is to fail half way.
  func tearsWrite(of file: String) -> Bool { fails(file) }

  /// Whether a sync is to fail.
  func failsSync() -> Bool { syncFailureOneIn > 0 && disk.random.oneIn(syncFailureOneIn) }

  /// Whether the planned end comes within the call that is being made.
  func endsNow(_ file: String) -> Bool {
    callCount += 1
    guard Self.concerns(file, plannedFile), let left = callsLeft else { return false }
    callsLeft = left - 1
    return left <= 1
  }

  func live(_ operation: String, _ file: String) throws(SystemCallError) {
    if isDead { throw SystemCallError(operation, file: file, code: EIO) }
    if endsNow(file) {
      end(plannedEnd)
      throw SystemCallError(operation, file: file, code: EIO)
    }
  }

  func failure(_ operation: String, _ file: String, code: CInt = EIO) -> SystemCallError {
    failureCount += 1
    if code == ENOSPC { fullCount += 1 }
    return SystemCallError(operation, file: file, code: code)
  }

  /// Notes a fault that the disk itself has made.
  func noteFailure() { failureCount += 1 }

  func end(_ how: End) {
    guard !isDead else { return }
    isDead = true
    whenItEnds(how)
  }
}
