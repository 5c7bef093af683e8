import Synchronization
import Testing
import WorkerThreads

@Suite struct WorkerThreadsTests {
  @Test(arguments: [1, 2, 5])
  func eachWorkerRunsOnce(count: Int) {
    let runs = Mutex([Int](repeating: 0, count: count))
    withWorkers(count, name: "test") { worker in runs.withLock { $0[worker] += 1 } }
    #expect(runs.withLock { $0 } == [Int](repeating: 1, count: count))
  }

  @Test func barrierKeepsPhasesApart() {
    let threads = 3
    let rounds = 200
    let barrier = Barrier(count: threads)
    let arrived = Atomic<Int>(0)
    let early = Atomic<Int>(0)
    withWorkers(threads, name: "test") { _ in
      for round in 1...rounds {
        arrived.wrappingAdd(1, ordering: .relaxed)
        barrier.arriveAndWait()
        if arrived.load(ordering: .relaxed) != round * threads {
          early.wrappingAdd(1, ordering: .relaxed)
        }
        barrier.arriveAndWait()
      }
    }
    #expect(early.load(ordering: .relaxed) == 0)
    #expect(arrived.load(ordering: .relaxed) == threads * rounds)
  }

  /// A producer hands numbers to a consumer that sleeps in between: every one must get across.
  @Test func noWakeUpIsLost() {
    let word = EventCount()
    let produced = Atomic<Int>(0)
    let consumed = Atomic<Int>(0)
    let last = 20_000
    withWorkers(2, name: "test") { worker in
      if worker == 0 {
        for number in 1...last {
          produced.store(number, ordering: .releasing)
          word.signal()
        }
      } else {
        while consumed.load(ordering: .relaxed) < last {
          let seen = word.value
          let number = produced.load(ordering: .acquiring)
          if number > consumed.load(ordering: .relaxed) {
            consumed.store(number, ordering: .relaxed)
          } else {
            word.wait(while: seen, timeoutNs: -1)
          }
        }
      }
    }
    #expect(consumed.load(ordering: .relaxed) == last)
  }

  @Test func waitingEndsAtTheTimeout() {
    let word = EventCount()
    word.wait(while: word.value, timeoutNs: 1_000_000)
    #expect(word.value == 0)
  }
}
