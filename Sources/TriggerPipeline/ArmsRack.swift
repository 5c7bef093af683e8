internal import CLinux
internal import Synchronization

/// The arms that are in use: those that decide now, and those before them while records of theirs
/// are still on their way.
///
/// A switch goes through the stream like a record does. The supervising thread hangs new arms up;
/// the ingest thread takes them over between two records and marks every record from there on with
/// their generation; scoring and publishing threads follow the marks. So each record is scored and
/// decided by one generation, in input order, whatever the number of workers, and none is lost or
/// decided twice. Nobody waits, and a lock is taken only at the switch itself.
final class ArmsRack: Sendable {
  private let hung = Mutex<[Armament]>([])
  private let newest: Atomic<Int>
  private let adopted: Atomic<Int>
  /// The ring position of the first record that the adopted generation decides.
  private let boundary = Atomic<Int>(0)

  /// A rack with the arms that the pipeline starts with.
  init(_ first: Armament) {
    newest = Atomic(first.generation)
    adopted = Atomic(first.generation)
    hung.withLock { $0 = [first] }
  }

  // MARK: The ingest thread

  /// The generation that the next record is marked with, where it is new; `position` is that
  /// record's. One load where nothing is new.
  @inline(__always)
  func adopt(current: Int, position: Int) -> Int {
    let wanted = newest.load(ordering: .relaxed)
    if wanted == current { return current }
    boundary.store(position, ordering: .relaxed)
    adopted.store(wanted, ordering: .releasing)
    return wanted
  }

  // MARK: Scoring and publishing threads

  /// The arms of a generation that a record was marked with.
  func arms(of generation: Int) -> Armament {
    hung.withLock { arms in
      guard let found = arms.first(where: { $0.generation == generation }) else {
        preconditionFailure("generation \(generation) was taken down while records need it")
      }
      return found
    }
  }

  // MARK: The supervising thread

  /// The arms that decide what comes in now, or will as soon as something does.
  var latest: Armament {
    hung.withLock { arms in
      guard let last = arms.last else { preconditionFailure("a rack is never empty") }
      return last
    }
  }

  /// Whether the newest arms were taken over.
  var isSettled: Bool {
    adopted.load(ordering: .acquiring) == newest.load(ordering: .relaxed)
  }

  /// Hangs up new arms. The last ones must have been taken over.
  func hang(_ arms: Armament) {
    precondition(isSettled && arms.generation == latest.generation + 1)
    hung.withLock { $0.append(arms) }
    newest.store(arms.generation, ordering: .releasing)
  }

  /// Waits until the newest arms were taken over; returns whether they were in time.
  func waitUntilSettled(timeoutMs: Int) -> Bool {
    for _ in 0..<timeoutMs {
      if isSettled { return true }
      tamis_sleep_ns(1_000_000)
    }
    return isSettled
  }

  /// Takes down arms that no record needs any more: all before `releasedPosition` have passed.
  func takeDown(releasedPosition: Int) {
    let keep = adopted.load(ordering: .acquiring)
    guard releasedPosition >= boundary.load(ordering: .relaxed) else { return }
    hung.withLock { arms in arms.removeAll { $0.generation < keep } }
  }

  /// How many generations are in use.
  var count: Int { hung.withLock { $0.count } }
}
