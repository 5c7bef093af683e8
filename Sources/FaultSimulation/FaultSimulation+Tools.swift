internal import EventRecords
internal import Glibc
internal import Offline
internal import RunFiles
internal import TriggerPipeline

extension FaultSimulation {
  /// The readers of the commands report no error, whatever the journal holds. An empty folder is none.
  func checkTools() -> StreamLedger? {
    if disk.names.isEmpty { return nil }
    let folder = temporaryFolder()
    defer { remove(folder) }
    do {
      try copyDisk(to: folder)
      _ = try DecisionHistory(journal: folder)
      let reader = JournalReader(folder: folder, featureCount: SimulatedGenerations.featureCount)
      try reader.look()
      if witness.tellsFeatureCount(disk) { _ = try RunInspection(folder) }
      return try StreamLedger(journals: [folder])
    } catch {
      witness.fail("a command cannot read the journal: \(error)")
      return nil
    }
  }

  private func copyDisk(to folder: String) throws {
    for name in disk.sortedNames {
      guard let node = disk.names[name], let file = fopen("\(folder)/\(name)", "w") else {
        continue
      }
      fwrite(node.view, 1, node.view.count, file)
      fclose(file)
    }
  }

  private func remove(_ folder: String) {
    for name in disk.sortedNames { unlink("\(folder)/\(name)") }
    rmdir(folder)
  }

  /// At the end: every event that was to be flagged has arrived, or is told as missing.
  func checkAccounts() {
    guard let ledger = checkTools() else { return }
    checkSums(of: ledger)
    checkContents(of: ledger)
    // A cap lets events go by its prescale; what it lets go is counted, not told one by one.
    guard plan.settings.flaggedRateMax == 0 else { return }
    var unexplained: [SentEvent] = []
    for event in senders.book where event.isCertain && event.life > 0 && !event.isDelivered {
      if isToldMissing(event, ledger) || mayHaveBeenCut(event) || witness.isDeleted(event.number)
        || witness.isOutOfReach(event.number)
      {
        continue
      }
      unexplained.append(event)
    }
    checkGivenUp(unexplained, in: ledger)
  }

  /// Events given up or refused are told as counts by run and source, which say nothing of the single
  /// event. A process that is killed may take some of those numbers with it.
  private func checkGivenUp(_ events: [SentEvent], in ledger: StreamLedger) {
    var told: [UInt64: UInt64] = [:]
    for account in ledger.accounts {
      let refused = account.refused.filter { $0.reason != .repeated }.map(\.count)
      told[runKey(run: account.run, source: account.source), default: 0] +=
        account.abandoned.total + refused.reduce(0, +)
    }
    var spare = ledger.refusedOfUnknown.reduce(0) { $0 + $1.count }
    spare += lives.reduce(0) { $1.end == nil ? $0 : $0 + $1.toldLost }
    for event in events {
      let key = runKey(run: event.run, source: event.source)
      if let left = told[key], left > 0 {
        told[key] = left - 1
      } else if spare > 0 {
        spare -= 1
      } else {
        return witness.fail(
          "a flagged event was neither received nor told as missing or given up: run \(event.run), "
            + "source \(event.source), sequence \(event.sequence), number \(event.number), life "
            + "\(event.life), one of \(events.count)")
      }
    }
  }

  /// Checks that hold at any time, also where no daemon has started since.
  func checkContents(of ledger: StreamLedger) {
    checkRuns(in: ledger)
    checkAccounted(in: ledger)
  }

  /// An event that a daemon has decided, journaled and entered is in the ledger, whatever became of the
  /// process.
  private func checkAccounted(in ledger: StreamLedger) {
    let accounts = Dictionary(grouping: ledger.accounts) {
      runKey(run: $0.run, source: $0.source)
    }
    for event in senders.book where event.isAccounted {
      let isDecided = accounts[runKey(run: event.run, source: event.source)]?.contains { account in
        event.sequence <= account.expected
          && !account.missingRanges.contains { $0.contains(event.sequence) }
      }
      if isDecided != true {
        return witness.fail(
          "run \(event.run), source \(event.source), sequence \(event.sequence) was decided, and the "
            + "ledger \(isDecided == nil ? "has no such run" : "says that it is missing")")
      }
    }
  }

  private func checkSums(of ledger: StreamLedger) {
    for account in ledger.accounts {
      if account.expected != account.decided + account.missing || !account.isBalanced {
        witness.fail("the stream's ledger does not close: \(account)")
      }
      let sent = senders.highest[runKey(run: account.run, source: account.source)]
      if account.expected > sent ?? 0, !senders.areUnruly || sent == nil {
        witness.fail("the ledger expects more than was sent: \(account)")
      }
    }
  }

  /// A run with a record in the journal is in the ledger, which expects that record; and what was
  /// received is not told as missing, unless the power was cut or, for the last batch, the daemon killed.
  private func checkRuns(in ledger: StreamLedger) {
    if lives.contains(where: { $0.end == .powerCut }) { return }
    let wasKilled = lives.contains { $0.end != nil }
    let accounts = Dictionary(grouping: ledger.accounts) {
      runKey(run: $0.run, source: $0.source)
    }
    for event in senders.book where event.number > 0 {
      let found = accounts[runKey(run: event.run, source: event.source)] ?? []
      if !found.contains(where: { event.sequence <= $0.expected }) {
        return witness.fail(
          "run \(event.run), source \(event.source), sequence \(event.sequence) was journaled, and the "
            + "ledger \(found.isEmpty ? "has no such run" : "does not expect it")")
      }
      guard event.isDelivered else { continue }
      let isMissing = found.allSatisfy { account in
        account.missingRanges.contains { $0.contains(event.sequence) }
      }
      if isMissing, !wasKilled {
        return witness.fail(
          "run \(event.run), source \(event.source), sequence \(event.sequence) was received and is "
            + "told as missing")
      }
    }
  }

  private func isToldMissing(_ event: SentEvent, _ ledger: StreamLedger) -> Bool {
    let accounts = ledger.accounts.filter { $0.run == event.run && $0.source == event.source }
    guard let last = accounts.last else { return lives.contains { $0.end != nil } }
    return event.sequence > last.expected
      || accounts.contains { account in
        account.missingRanges.contains { $0.contains(event.sequence) }
          || account.missingIsUntold(event.sequence)
      }
  }

  /// Whether a power cut came after the event was taken, and before its record was durable.
  private func mayHaveBeenCut(_ event: SentEvent) -> Bool {
    guard lives[Int(event.life)...].contains(where: { $0.end == .powerCut }) else { return false }
    return event.number == 0 || !witness.isJournaled(event.number)
  }
}

extension StreamAccount {
  /// Whether the record may be one of the missing ones that are not listed.
  fileprivate func missingIsUntold(_ sequence: UInt64) -> Bool {
    unlistedMissing > 0 && sequence < (missingRanges.first?.lowerBound ?? .max)
  }
}
