internal import Glibc

/// What is fuzzed: a reader of one kind of bytes from outside.
///
/// A body may throw, which is how a reader refuses; it must not trap, hang, or read beyond its
/// input, and `require` says what else must hold.
struct FuzzTarget: Sendable {
  let name: String
  let body: @Sendable (UnsafeRawBufferPointer) throws -> Void

  static let all: [FuzzTarget] =
    streamTargets + ledgerTargets + modelTargets + folderTargets + textTargets + peerTargets
    + watchTargets + scoringTargets
}

/// Ends the fuzzer where a promise is broken.
func require(_ isTrue: Bool, _ promise: @autoclosure () -> String) {
  if !isTrue { fatalError("broken: \(promise())") }
}

nonisolated(unsafe) private var chosen: FuzzTarget?

/// Chooses the target; 0 where there is none of that name. `list` prints all names and ends.
@_cdecl("tamis_fuzz_begin")
public func begin(_ name: UnsafePointer<CChar>) -> CInt {
  let name = String(cString: name)
  if name == "list" {
    for target in FuzzTarget.all { print(target.name) }
    exit(0)
  }
  chosen = FuzzTarget.all.first { $0.name == name }
  return chosen == nil ? 0 : 1
}

/// Gives the chosen target one input.
@_cdecl("tamis_fuzz_run")
public func run(_ bytes: UnsafePointer<UInt8>?, _ byteCount: Int) {
  do {
    try chosen?.body(UnsafeRawBufferPointer(start: bytes, count: byteCount))
  } catch {
    // The message is made of the input, too.
    require(!"\(error)".isEmpty, "an error says what is wrong")
  }
}
