internal import DurableFiles
internal import EventRecords
internal import Glibc
internal import TriggerPipeline

/// A daemon's stages in one thread, on a simulated disk, clock, senders and receivers, through all
/// that may happen to them, from a seed. The same seed does the same again.
package final class FaultSimulation {
  let seed: UInt64
  let generations: SimulatedGenerations
  let plan: SimulationPlan
  var random: RandomSource
  let clock = SimulatedClock()
  let disk: SimulatedDisk
  let senders: SimulatedSenders
  let receivers: SimulatedReceivers
  let witness: JournalWitness
  let lockHolder = SimulatedFolder.LockHolder()

  /// The daemon that runs; nil between two lives.
  var pipeline: SteppedPipeline?
  var process: SimulatedProcess?
  var observer = SimulatedObserver()
  var life: Int32 = 0
  var lives: [SimulatedLife] = [SimulatedLife()]
  var wasCutSinceInspection = false
  var drainSinceNs: UInt64?
  var tally = SimulationTally()
  private var trace: [String] = []
  private var sleepCount = 0
  var isCalm = false
  /// Whether the disk was full once, or the journal larger than its limit.
  var wasFull = false
  var wasTooMuch = false
  /// Whether the time of day was set, and whether this life began after that.
  var wasSet = false
  var startedAfterJump = false
  /// The consumer that asks the running daemon for records of the past.
  var catchUp: SimulatedCatchUp?
  /// The lowest number of the journal at the last look, and what was so then.
  var oldestNumber: UInt64 = 0
  var segmentByteCount = 0
  var fullCount = 0
  /// How often the accounts had come to the disk at the last look.
  var synchronisedCount = 0
  /// The number that the last life counted as published.
  var lastPublished: UInt64 = 0
  /// When the disk was last known to have too little room.
  var lastLowNs: UInt64?
  /// Calls after which the next life ends; nil for none.
  var endOnStart: Int?
  /// Whether any start has come to its end. Files that are made once are made before.
  var hasStarted = false
  /// The most calls of a start after which it ends: a first one makes its last file, `deleted`, with the
  /// calls 73 to 83.
  static let startCallsMax = 100
  /// The same of the calls that a start makes for one small file.
  static let startFileCallsMax = 12

  /// Prepares the simulation of a seed.
  package init(seed: UInt64, generations: SimulatedGenerations) {
    self.seed = seed
    self.generations = generations
    var random = RandomSource(seed: seed)
    plan = SimulationPlan(&random)
    disk = SimulatedDisk(random: RandomSource(seed: random.next()))
    senders = SimulatedSenders(
      random: RandomSource(seed: random.next()), sourceCount: plan.sourceCount,
      messageByteCountMax: plan.settings.messageByteCountMax)
    senders.areUnruly = plan.hasUnrulySenders
    receivers = SimulatedReceivers(
      random: RandomSource(seed: random.next()), isPublisher: plan.settings.outputPattern == .pub,
      receiverCount: plan.receiverCount, queueCountMax: SimulationPlan.queueCountMax)
    witness = JournalWitness(
      clock: clock, senders: senders,
      sendsDurableAlone: plan.settings.fsyncIntervalMs == 0)
    self.random = random
    disk.whenWritten = { [unowned self] in witness.noteWritten($0, offset: $1, count: $2) }
    disk.whenRemoved = { [unowned self] in noteRemoved($0, $1) }
    receivers.whenSent = { [unowned self] in
      tally.sent += 1
      witness.noteSent($0)
    }
    receivers.whenDelivered = { [unowned self] in
      tally.received += 1
      witness.noteDelivered($0)
    }
    receivers.whenLost = { [unowned self] in
      // One receiver alone gets all: what is lost with it are the last ones.
      guard plan.settings.outputPattern == .push, plan.receiverCount > 1 else { return }
      witness.noteLost(
        $0, published: pipeline?.journalState.publishedNumber.value ?? lastPublished,
        window: plan.settings.repeatRecordCount * plan.receiverCount)
    }
    clock.whileAsleep = { [unowned self] in passSleep() }
  }

  /// Runs `stepCount` actions and then brings everything to rest.
  ///
  /// - Throws: `SimulationFault`.
  package func run(stepCount: Int) throws -> SimulationTally {
    for index in receivers.receivers.indices where random.coin() { receivers.connect(index) }
    for step in 0..<stepCount {
      tally.steps += 1
      act()
      check()
      try stop(atFaultOf: step)
    }
    try rest(from: stepCount)
    tally.seeds = 1
    tally.events = senders.book.count
    return tally
  }

  private func stop(atFaultOf step: Int) throws {
    guard !witness.faults.isEmpty else { return }
    throw SimulationFault(
      seed: seed, step: step, faults: witness.faults,
      trace: [plan.summary] + trace + observer.lines.map { "said: \($0)" })
  }

  func note(_ action: @autoclosure () -> String) {
    trace.append("\(tally.steps): \(action())")
    if trace.count > 60 { trace.removeFirst(30) }
  }

  // MARK: Rest

  /// Everything works again, and all flagged records must arrive.
  private func rest(from stepCount: Int) throws {
    isCalm = true
    note("calm")
    heal()
    for _ in 0..<3 where pipeline == nil {
      start()
      try stop(atFaultOf: stepCount)
    }
    senders.endRuns()
    var turn = 0
    while let pipeline, !isAtRest(pipeline) {
      turn += 1
      if turn > 2_000 {
        witness.fail(
          "does not come to rest: \(senders.waitingCount) messages, "
            + "\(pipeline.counters.waiting.value) records wait, \(receivers.queuedCount) queued")
        break
      }
      calmTurn(pipeline)
      check()
      try stop(atFaultOf: stepCount)
    }
    endOrderly(stepCount)
    try stop(atFaultOf: stepCount)
    witness.checkDelivered()
    checkAccounts()
    try stop(atFaultOf: stepCount)
  }

  private func isAtRest(_ pipeline: SteppedPipeline) -> Bool {
    senders.waitingCount == 0 && pipeline.isIdle && pipeline.counters.waiting.value == 0
      && receivers.isDrained && pipeline.counters.unsynchronisedSinceNs.value == 0
  }

  private func calmTurn(_ pipeline: SteppedPipeline) {
    turnStages(pipeline)
    if pipeline.state.phase != .running { turnDrain() }
    if self.pipeline == nil { start() }
  }

  /// Lets every stage do what it can, and the receivers take it.
  private func turnStages(_ pipeline: SteppedPipeline) {
    _ = pipeline.ingest(messagesMax: 8)
    while pipeline.score() {}
    while pipeline.publish() {}
    pipeline.flush()
    receivers.deliver(countMax: 100)
    clock.advance(ns: 50_000_000)
  }

  private func endOrderly(_ stepCount: Int) {
    guard let pipeline else { return }
    pipeline.stop()
    note("stop")
    for _ in 0..<1_000 where self.pipeline != nil {
      turnStages(pipeline)
      turnDrain()
    }
    if self.pipeline != nil { witness.fail("a drain does not end") }
  }

  /// While a stage waits for the disk, the rest of the world goes on.
  private func passSleep() {
    sleepCount += 1
    guard let process, let pipeline else { return }
    if process.isDead {
      // Its thread would be gone.
      pipeline.state.beginDraining(timeoutMs: 0)
      clock.advance(ns: 1)
      return
    }
    if random.oneIn(3) { pipeline.flush() }
    if random.oneIn(4) { receivers.deliver(countMax: random.pick(1...8)) }
    if sleepCount % 40 == 39 || random.oneIn(20) { heal() }
  }
}
