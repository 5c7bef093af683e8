internal import BoundedNumbers
internal import EventRecords
internal import Synchronization

/// Which run or source gives up its place. Called rarely, by the ingest thread only.
extension RunLedgerTable {
  /// For a source with as many open runs as it may have: the run that has been silent longest.
  func surplusRun(ofPlace place: Int) -> Int? {
    var count = 0
    var oldest: Int?
    for entry in 0..<Self.entryCount where isOpen[entry] && places[entry] == place {
      count += 1
      if activeNs[entry] < oldest.map({ activeNs[$0] }) ?? .max { oldest = entry }
    }
    return count >= Self.openRunsOfSourceMax ? oldest : nil
  }

  /// Closes the run that has been silent longest, if it has been silent long enough.
  func giveUpSilentRun() -> Bool {
    var oldest: Int?
    for entry in 0..<Self.entryCount where isOpen[entry] {
      if activeNs[entry] < oldest.map({ activeNs[$0] }) ?? .max { oldest = entry }
    }
    guard let oldest, isSilent(activeNs[oldest], for: busySilenceNs) else { return false }
    giveUp(oldest)
    return true
  }

  /// Frees the place of the source that has been silent longest, if it has been silent long enough.
  func giveUpSilentSource() -> Bool {
    var oldest: Int?
    for place in sources.places where !sources.isFree(place) {
      if sourceActiveNs[place] < oldest.map({ sourceActiveNs[$0] }) ?? .max { oldest = place }
    }
    guard let oldest, isSilent(sourceActiveNs[oldest], for: busySilenceNs) else { return false }
    leave(oldest)
    return true
  }

  /// Frees the places of all runs and sources that have been silent for `silenceNs`.
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

  /// The number of runs that are closed once all records before that decision have left the ring.
  package var queuedClosingCount: Int { pendingClosings.load(ordering: .acquiring) }

  /// Has the publish thread close a run that takes no more records, once it has decided all records
  /// that came before.
  func closeBehind(_ entry: Int) {
    entries[entry].closePosition.store(position, ordering: .releasing)
    pendingClosings.wrappingAdd(1, ordering: .acquiringAndReleasing)
  }
}
