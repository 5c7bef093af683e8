internal import BoundedNumbers
internal import EventRecords
internal import Synchronization

/// Who gives up a place for whom. All of it is the ingest thread's, and rare.
extension RunLedgerTable {
  /// Of a source that has as many runs open as it may, the one that has been silent longest.
  func surplusRun(ofPlace place: Int) -> Int? {
    var count = 0
    var oldest: Int?
    for entry in 0..<Self.entryCount where isOpen[entry] && places[entry] == place {
      count += 1
      if activeNs[entry] < oldest.map({ activeNs[$0] }) ?? .max { oldest = entry }
    }
    return count >= Self.openRunsOfSourceMax ? oldest : nil
  }

  /// Closes the run that has been silent longest, if that is long enough.
  func giveUpSilentRun() -> Bool {
    var oldest: Int?
    for entry in 0..<Self.entryCount where isOpen[entry] {
      if activeNs[entry] < oldest.map({ activeNs[$0] }) ?? .max { oldest = entry }
    }
    guard let oldest, isSilent(activeNs[oldest], for: busySilenceNs) else { return false }
    giveUp(oldest)
    return true
  }

  /// Frees the place of the source that has been silent longest, if that is long enough.
  func giveUpSilentSource() -> Bool {
    var oldest: Int?
    for place in sources.places where !sources.isFree(place) {
      if sourceActiveNs[place] < oldest.map({ sourceActiveNs[$0] }) ?? .max { oldest = place }
    }
    guard let oldest, isSilent(sourceActiveNs[oldest], for: busySilenceNs) else { return false }
    leave(oldest)
    return true
  }

  /// Frees the places of all that have been silent for `silenceNs`.
  func giveUpSilent() {
    for entry in 0..<Self.entryCount
    where isOpen[entry] && isSilent(activeNs[entry], for: silenceNs) {
      giveUp(entry)
    }
    for place in sources.places
    where !sources.isFree(place) && isSilent(sourceActiveNs[place], for: silenceNs) {
      leave(place)
    }
  }

  private func leave(_ place: Int) {
    for entry in 0..<Self.entryCount where isOpen[entry] && places[entry] == place {
      giveUp(entry)
    }
    sources.leave(place)
  }

  private func isSilent(_ activeNs: UInt64, for durationNs: UInt64) -> Bool {
    nowNs -| activeNs >= durationNs
  }

  private func giveUp(_ entry: Int) {
    end(entry, hasEnded: false)
    closeBehind(entry)
  }

  /// Runs that are to be closed when what came before them has passed.
  package var queuedClosingCount: Int { pendingClosings.load(ordering: .acquiring) }

  /// Has the publish thread close a run that takes no more records when all that came before has
  /// passed it.
  func closeBehind(_ entry: Int) {
    entries[entry].closePosition.store(position, ordering: .releasing)
    pendingClosings.wrappingAdd(1, ordering: .acquiringAndReleasing)
  }
}
