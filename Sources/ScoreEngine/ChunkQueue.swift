internal import Synchronization
internal import WorkerThreads

/// A ring of chunks between workers that fill them and one consumer that takes them in order.
///
/// Chunk number i lives in slot i modulo the number of slots. A worker claims the next number and
/// waits until the consumer is done with the chunk that was in that slot before. Workers therefore
/// run ahead of the consumer by the length of the ring and no further.
final class ChunkQueue: Sendable {
  private let chunks: [ScoredChunk]
  private let chunkCount: Int
  private let claimed = Atomic<Int>(0)
  private let consumed = Atomic<Int>(0)
  private let isStopped = Atomic<Bool>(false)
  private let slots: [Slot]
  private let filledSomewhere = EventCount()
  private let consumedOne = EventCount()

  /// Counts the chunks that have been filled in one slot.
  private final class Slot: Sendable {
    let fills = Atomic<Int>(0)
  }

  init(chunks: [ScoredChunk], chunkCount: Int) {
    self.chunks = chunks
    self.chunkCount = chunkCount
    slots = chunks.map { _ in Slot() }
  }

  /// A worker's life: fills chunks until there are no more or the queue is stopped.
  func produceAll(fill: (Int, ScoredChunk) -> Void) {
    while true {
      let number = claimed.wrappingAdd(1, ordering: .relaxed).oldValue
      guard number < chunkCount, waitForRoom(number) else { return }
      let slot = number % chunks.count
      fill(number, chunks[slot])
      slots[slot].fills.store(number / chunks.count + 1, ordering: .releasing)
      filledSomewhere.signal()
    }
  }

  /// The consumer's life: takes all chunks in order.
  func consumeAll(take: (ScoredChunk) throws -> Void) rethrows {
    for number in 0..<chunkCount {
      let slot = number % chunks.count
      wait(on: filledSomewhere) {
        slots[slot].fills.load(ordering: .acquiring) > number / chunks.count
      }
      try take(chunks[slot])
      consumed.store(number + 1, ordering: .releasing)
      consumedOne.signal()
    }
  }

  /// Sends the workers home. Called by the consumer when it will take no more.
  func stop() {
    isStopped.store(true, ordering: .releasing)
    consumedOne.signal()
  }

  /// Whether the slot of chunk `number` is free; false when the queue was stopped.
  private func waitForRoom(_ number: Int) -> Bool {
    wait(on: consumedOne) {
      isStopped.load(ordering: .acquiring)
        || consumed.load(ordering: .acquiring) > number - chunks.count
    }
    return !isStopped.load(ordering: .acquiring)
  }

  private func wait(on word: EventCount, until isReady: () -> Bool) {
    while true {
      let seen = word.value
      if isReady() { return }
      word.wait(while: seen, timeoutNs: -1)
    }
  }
}
