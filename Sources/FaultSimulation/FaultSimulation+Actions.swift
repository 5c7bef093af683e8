internal import EventRecords
internal import TriggerPipeline

extension FaultSimulation {
  /// Does one thing.
  func act() {
    guard let pipeline else {
      // Between two lives the world goes on for a while.
      if random.oneIn(4) { return start() }
      return actOutside(chosen())
    }
    let action = chosen()
    switch action {
    case .ingest: _ = pipeline.ingest(messagesMax: random.pick(1...4))
    case .score: _ = pipeline.score()
    case .publish: _ = pipeline.publish()
    case .flush: pipeline.flush()
    case .reload: reload(pipeline)
    case .catchUp:
      let last = pipeline.journalState.lastNumber.value
      if last > 0, process?.isDead == false {
        // Numbers lie in blocks: near the ends of them is where records are.
        let number = witness.someNumber(&random) ?? 1
        catchUp?.ask(from: max(1, min(number, last)), through: last)
      }
    case .stop:
      note("stop")
      pipeline.stop()
      drainSinceNs = clock.monotonicNs
    case .drain: turnDrain()
    case .kill, .powerCut:
      process?.end(action == .kill ? .kill : .powerCut)
    case .planEnd:
      process?.plannedEnd = random.coin() ? .kill : .powerCut
      process?.plannedFile = random.oneIn(4) ? someFile() : nil
      process?.callsLeft = random.pick(1...(process?.plannedFile == nil ? 40 : 8))
    default: actOutside(action)
    }
    if process?.isDead ?? false { bury() }
  }

  private func chosen() -> SimulatedAction {
    var left = random.below(plan.weights.reduce(0, +))
    for (action, weight) in zip(SimulatedAction.allCases, plan.weights) {
      if left < weight { return action }
      left -= weight
    }
    return .time
  }

  private func actOutside(_ action: SimulatedAction) {
    switch action {
    case .send:
      if senders.waitingCount < 50 { senders.send(recordCount: random.pick(1...6)) }
    case .flood:
      note("flood")
      for _ in 0..<20 { senders.send(recordCount: 8) }
    case .deliver: receivers.deliver(countMax: random.pick(1...8))
    case .time: clock.advance(ns: UInt64(random.pick(1...60)) * 1_000_000)
    case .longTime: clock.advance(ns: UInt64(random.pick(1...4_000)) * 1_000_000)
    case .writeBack: disk.writeBackSome()
    case .freeze:
      let index = random.below(plan.receiverCount)
      receivers.setFrozen(index, !receivers.receivers[index].isFrozen)
      note("receiver \(index) \(receivers.receivers[index].isFrozen ? "freezes" : "thaws")")
    case .disconnect:
      let index = random.below(plan.receiverCount)
      note("receiver \(index) goes")
      receivers.disconnect(index)
    case .connect:
      let index = random.below(plan.receiverCount)
      if !receivers.receivers[index].isConnected { note("receiver \(index) comes") }
      receivers.connect(index)
    case .fullDisk:
      note("the disk is full")
      disk.capacity = disk.usedByteCount + random.below(600)
      wasFull = true
    case .roomAgain:
      if disk.capacity < Int.max / 2 { note("the disk has room") }
      disk.capacity = .max / 2
    case .faultyCalls:
      note("calls fail")
      process?.failureFile = nil
      process?.failureOneIn = random.pick(2...40)
    case .faultySyncs:
      note("syncs fail")
      process?.syncFailureOneIn = random.pick(1...4)
    case .hideFree:
      note("free bytes unknown")
      process?.hidesFreeBytes = true
    case .jump:
      let seconds = Int64(random.pick(-3_000_000...3_000_000))
      note("the clock jumps by \(seconds) s")
      clock.jump(seconds: seconds)
      wasSet = true
    case .heal: heal()
    case .killOnStart: endOnStart = random.pick(1...Self.startCallsMax)
    default: clock.advance(ns: 1_000_000)
    }
  }

  /// The disk and the calls work.
  func heal() {
    disk.capacity = .max / 2
    process?.failureOneIn = 0
    process?.failureFile = nil
    process?.syncFailureOneIn = 0
    process?.hidesFreeBytes = false
    if isCalm {
      process?.callsLeft = nil
      endOnStart = nil
      for index in receivers.receivers.indices {
        receivers.connect(index)
        receivers.setFrozen(index, false)
      }
    }
  }

  private func reload(_ pipeline: SteppedPipeline) {
    do {
      if try pipeline.reload(generations.loaded[random.below(generations.loaded.count)]) {
        tally.reloads += 1
      }
    } catch {
      witness.fail("a reload failed: \(error)")
    }
  }

  // MARK: Lives

  func start() {
    let process = makeProcess()
    self.process = process
    life += 1
    startedAfterJump = wasSet
    wasFull = disk.capacity < .max / 2
    wasTooMuch = false
    lives.append(SimulatedLife())
    senders.life = life
    observer = SimulatedObserver()
    var settings = plan.settings
    settings.clock = PipelineClock(clock)
    let folder = SimulatedFolder(process: process, clock: clock, lockHolder: lockHolder)
    settings.store = folder
    receivers.isDead = false
    drainSinceNs = nil
    do {
      pipeline = try SteppedPipeline(
        settings: settings, loaded: generations.loaded[0], input: senders, output: receivers,
        observer: observer)
      tally.starts += 1
      hasStarted = true
      note("started, life \(life)")
    } catch {
      pipeline = nil
      tally.failedStarts += 1
      receivers.loseDaemon()
      note("a start failed: \(error)")
      if !process.isDead {
        if process.failureCount == 0 { witness.fail("refuses to start: \(error)") }
        process.whenItEnds = { _ in }
        process.end(.kill)
        noteCalls(process)
      } else {
        bury()
      }
      self.process = nil
      return
    }
    if process.isDead { return bury() }
    catchUp = SimulatedCatchUp(
      SimulatedFolder(
        process: SimulatedProcess(disk: disk), clock: clock, lockHolder: lockHolder),
      witness: witness)
    synchronisedCount = 0
    oldestNumber = pipeline?.journalState.oldestNumber.value ?? 0
    segmentByteCount = disk.segmentByteCount
    fullCount = process.fullCount
    lastLowNs = nil
    witness.inspect(disk, afterPowerCut: wasCutSinceInspection)
    wasCutSinceInspection = false
  }

  /// A process, in which an end and failures of files may be planned.
  private func makeProcess() -> SimulatedProcess {
    let process = SimulatedProcess(disk: disk)
    process.whenItEnds = { [unowned self] in noteEnd($0) }
    // A first start makes files that a later one finds, and several may end on the way.
    if !hasStarted, !isCalm, endOnStart == nil, plan.weights.last != 0, random.coin() {
      endOnStart = random.pick(1...Self.startCallsMax)
    }
    if let calls = endOnStart {
      process.callsLeft = calls
      process.plannedEnd = random.coin() ? .kill : .powerCut
      if random.coin() {
        process.plannedFile = someFile()
        process.callsLeft = random.pick(1...Self.startFileCallsMax)
      }
      endOnStart = nil
    }
    if !isCalm, plan.weights.last != 0, random.oneIn(8) {
      process.failureFile = random.coin() ? someFile() : nil
      process.failureOneIn =
        process.failureFile == nil ? random.pick(3...60) : random.pick(1...4)
    }
    return process
  }

  /// A file that a start makes or mends.
  private func someFile() -> String {
    let names = [
      "lock", "numbers", "published", "deleted", "ledger.jsonl", "ledger.open", "decisions.jsonl",
      ".writing",
    ]
    return names[random.below(names.count)]
  }

  private func noteEnd(_ end: SimulatedProcess.End) {
    note("\(end)")
    lives[Int(life)].end = end
    if end == .powerCut {
      tally.powerCuts += 1
      wasCutSinceInspection = true
      senders.forgetAccounted()
      disk.cutPower()
    } else {
      tally.kills += 1
    }
    receivers.loseDaemon()
    if random.oneIn(6), let ledger = checkTools() { checkContents(of: ledger) }
  }

  /// The stages of a dead process are let go of.
  private func bury() {
    if let pipeline { noteLost(pipeline) }
    pipeline = nil
    catchUp = nil
    if let process { noteCalls(process) }
    process = nil
    drainSinceNs = nil
  }

  private func noteCalls(_ process: SimulatedProcess) {
    tally.failedCalls += process.failureCount
    tally.storeCalls += process.callCount
  }

  private func noteLost(_ pipeline: SteppedPipeline) {
    tally.journaled += Int(pipeline.counters.journaled.value)
    let counters = pipeline.counters
    lives[Int(life)].toldLost =
      counters.abandoned.value + counters.shed.value + counters.rejected(.runEnded).value
      + counters.rejected(.sourceLimit).value
  }

  /// Goes on with an orderly end, once it has begun.
  func turnDrain() {
    guard let pipeline, pipeline.state.phase != .running else { return }
    if drainSinceNs == nil { drainSinceNs = clock.monotonicNs }
    let sinceNs = clock.monotonicNs - (drainSinceNs ?? 0)
    if senders.waitingCount == 0 || sinceNs > 1_000_000_000 { pipeline.endInput() }
    while pipeline.score() {}
    while pipeline.publish() {}
    guard process?.isDead == false, pipeline.isOver else { return }
    pipeline.finish()
    guard let process, !process.isDead else { return }
    note("ended")
    tally.orderlyEnds += 1
    noteLost(pipeline)
    // Queued records have time to leave, where a receiver takes them.
    receivers.deliver(countMax: .max)
    receivers.loseDaemon()
    self.pipeline = nil
    catchUp = nil
    process.whenItEnds = { _ in }
    process.end(.kill)
    noteCalls(process)
    self.process = nil
    drainSinceNs = nil
    if random.oneIn(6), let ledger = checkTools() { checkContents(of: ledger) }
  }

  // MARK: What must hold

  /// After each step.
  func check() {
    guard let pipeline else { return }
    let counters = pipeline.counters
    lastPublished = pipeline.journalState.publishedNumber.value
    noteChosen(pipeline)
    // Before the records of this step are noted: they may have come after the synchronisation.
    if pipeline.synchronisedCount != synchronisedCount {
      synchronisedCount = pipeline.synchronisedCount
      senders.noteAccountsDurable()
    }
    witness.noteJournal(
      lastNumber: pipeline.journalState.lastNumber.value,
      oldestNumber: pipeline.journalState.oldestNumber.value,
      isDurable: counters.unsynchronisedSinceNs.value == 0, waiting: counters.waiting.value)
    if counters.ledgerFaults.value > 0 {
      witness.fail("a ledger is not balanced: \(observer.unbalanced.first ?? "")")
    }
    guard pipeline.isIdle else { return }
    let received = pipeline.receivedTotal
    let accounted = counters.scored.value + counters.rejectedTotal + counters.shed.value
    if received != accounted {
      witness.fail("\(received) received, \(accounted) scored, rejected or shed")
    }
  }

  /// What retention chooses in this step has a reason in this step, but for room: the daemon looks at
  /// that about once a second.
  private func noteChosen(_ pipeline: SteppedPipeline) {
    guard let process, plan.keepsLimited else { return }
    let nowNs = clock.monotonicNs
    let isFull = process.fullCount != fullCount
    if isFull || disk.freeByteCount < plan.settings.journalFreeByteCountMin { lastLowNs = nowNs }
    fullCount = process.fullCount
    let wanted = plan.settings.journalKeepByteCountMax
    let peak = segmentByteCount + witness.takeWrittenByteCount()
    segmentByteCount = disk.segmentByteCount
    let oldest = pipeline.journalState.oldestNumber.value
    defer { oldestNumber = oldest }
    guard oldest != oldestNumber else { return }
    let isTooMuch = wanted > 0 && peak > wanted
    let needsRoom = lastLowNs.map { nowNs - $0 < 20_000_000_000 } ?? false
    witness.noteChosen(below: oldest == 0 ? .max : oldest) { writtenNs in
      isTooMuch || needsRoom || isOldEnough(writtenNs)
    }
  }

  /// Whether the limit of age may ask for a record of this time: times are whole seconds, and a start
  /// takes the time of day for what has passed since the last life, up to a day.
  private func isOldEnough(_ writtenNs: UInt64) -> Bool {
    let ageMaxS = plan.settings.journalKeepAgeMaxS
    guard ageMaxS > 0 else { return false }
    return startedAfterJump
      || clock.monotonicNs - writtenNs + (UInt64(life) + 1) * 1_000_000_000
        >= UInt64(ageMaxS) * 1_000_000_000
  }

  func noteRemoved(_ name: String, _ node: SimulatedDisk.Node) {
    guard node.isSegment, node.view.count > 0 else { return }
    tally.deletedSegments += 1
    let settings = plan.settings
    // Segments that were chosen are deleted when the disk allows it, perhaps when the reason has
    // passed.
    if settings.journalKeepByteCountMax > 0,
      disk.segmentByteCount > settings.journalKeepByteCountMax
    {
      wasTooMuch = true
    }
    let needsRoom = plan.keepsLimited && wasFull
    witness.noteRemoved(
      node, beside: disk, mayGoUnsent: settings.deletesUnpublished
    ) { [unowned self] in wasTooMuch || needsRoom || isOldEnough($0) }
  }
}
