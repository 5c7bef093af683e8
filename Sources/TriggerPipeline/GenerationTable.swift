internal import CLinux
internal import Synchronization

/// The model generations in use: the one that decides now, and earlier ones while the pipeline
/// still holds records of theirs.
///
/// A switch goes through the stream like a record does. The supervising thread installs a new
/// generation; the ingest thread adopts it between two records and marks every record from there
/// on with its number; scoring and deciding threads follow the marks. Each record is therefore
/// scored and decided by one generation, in input order, whatever the number of workers, and none
/// is lost or decided twice. Nobody waits, and a lock is taken only at the switch itself.
final class GenerationTable: Sendable {
  private let installed: Mutex<[ModelGeneration]>
  private let newest: Atomic<Int>
  private let adopted: Atomic<Int>
  /// The ring position of the first record that the adopted generation decides.
  private let boundary = Atomic<Int>(0)

  /// A table with the generation that the pipeline starts with.
  init(_ first: ModelGeneration) {
    newest = Atomic(first.number)
    adopted = Atomic(first.number)
    installed = Mutex([first])
  }

  // MARK: The ingest thread

  /// The generation number for the next record. `current` is the number of the record before it,
  /// and `position` the position of the next. Costs one load where there is no new generation.
  @inline(__always)
  func adopt(current: Int, position: Int) -> Int {
    let wanted = newest.load(ordering: .relaxed)
    if wanted == current { return current }
    boundary.store(position, ordering: .relaxed)
    adopted.store(wanted, ordering: .releasing)
    return wanted
  }

  // MARK: Scoring and deciding threads

  /// The generation that a record was marked with.
  func generation(_ number: Int) -> ModelGeneration {
    installed.withLock { generations in
      guard let found = generations.first(where: { $0.number == number }) else {
        preconditionFailure("generation \(number) was discarded while records need it")
      }
      return found
    }
  }

  // MARK: The supervising thread

  /// The newest generation. It decides the records that come in from now on.
  var latest: ModelGeneration {
    installed.withLock { generations in
      guard let last = generations.last else { preconditionFailure("the table is never empty") }
      return last
    }
  }

  /// Whether the newest generation was adopted.
  var isSettled: Bool {
    adopted.load(ordering: .acquiring) == newest.load(ordering: .relaxed)
  }

  /// Installs a new generation. The last one must have been adopted.
  func install(_ generation: ModelGeneration) {
    precondition(isSettled && generation.number == latest.number + 1)
    installed.withLock { $0.append(generation) }
    newest.store(generation.number, ordering: .releasing)
  }

  /// Waits until the newest generation was adopted; returns whether it was in time.
  func waitUntilSettled(timeoutMs: Int) -> Bool {
    for _ in 0..<timeoutMs {
      if isSettled { return true }
      tamis_sleep_ns(1_000_000)
    }
    return isSettled
  }

  /// Discards generations that no record needs any more: those whose last record lies before
  /// `releasedPosition`.
  func discard(releasedPosition: Int) {
    let keep = adopted.load(ordering: .acquiring)
    guard releasedPosition >= boundary.load(ordering: .relaxed) else { return }
    installed.withLock { $0.removeAll { $0.number < keep } }
  }
}
