internal import DurableFiles
internal import EventRecords
internal import RunFiles

/// Sees every record that is written to the journal, sent, received, or found there, and knows what
/// must be there.
final class JournalWitness {
  private struct Written {
    var checksum: UInt32
    var event: UInt64
    var atNs: UInt64
  }

  /// A fault of the daemon.
  private(set) var faults: [String] = []
  /// Content by number, of records that somebody outside may have seen: sent, or in a journal that
  /// was opened.
  private var known: [UInt64: UInt32] = [:]
  private var sent: Set<UInt64> = []
  private var delivered: Set<UInt64> = []
  /// The content that the segments have or had, by number: the last one written.
  private var written: [UInt64: Written] = [:]
  /// Numbers that this process has written and not yet told of.
  private var untold: [UInt64] = []
  /// Numbers that the daemon says are journaled, ascending, less those that may be gone.
  private var journaled: [UInt64] = []
  /// The number of durable records, as the daemon says.
  private var durableCount = 0
  /// How many of the first ones were sent.
  private var sentCount = 0
  private(set) var lastNumber: UInt64 = 0
  /// Numbers that retention took, sent or not.
  private var deleted: Set<UInt64> = []
  /// Numbers that this process has chosen for deletion.
  private var chosen: Set<UInt64> = []
  private var writtenByteCount = 0
  /// Records lost with a receiver of a push output that was slower than others by more than what is sent
  /// again.
  private var outOfReach: Set<UInt64> = []
  private let clock: SimulatedClock
  private let senders: SimulatedSenders
  private let recordByteCount = FlaggedRecord.byteCount(
    featureCount: SimulatedGenerations.featureCount)

  /// Whether nothing may be sent that is not on the disk.
  private let sendsDurableAlone: Bool

  init(clock: SimulatedClock, senders: SimulatedSenders, sendsDurableAlone: Bool) {
    self.sendsDurableAlone = sendsDurableAlone
    self.clock = clock
    self.senders = senders
  }

  /// Bytes written to segments since the last call.
  func takeWrittenByteCount() -> Int {
    defer { writtenByteCount = 0 }
    return writtenByteCount
  }

  /// A number that is journaled, or lies close to one; nil while there is none.
  func someNumber(_ random: inout RandomSource) -> UInt64? {
    guard !journaled.isEmpty else { return nil }
    let number = journaled[random.below(journaled.count)] + UInt64(random.below(3))
    return number - min(number, UInt64(random.below(3)))
  }

  func fail(_ text: String) { faults.append(text) }

  // MARK: What happens

  func noteWritten(_ node: SimulatedDisk.Node, offset: Int, count: Int) {
    guard node.isSegment else { return }
    writtenByteCount += count
    let first = offset / recordByteCount
    let end = (offset + count) / recordByteCount
    guard end > first else { return }
    for index in first..<end {
      withRecord(index, of: node) { record in
        let event = record.event.event
        // Records that are only written again keep their age.
        if written[record.number]?.checksum != record.storedChecksum {
          written[record.number] = Written(
            checksum: record.storedChecksum, event: event, atNs: clock.monotonicNs)
        }
        if record.number > lastNumber { untold.append(record.number) }
        senders.noteNumber(record.number, ofEvent: event)
      }
    }
  }

  private func withRecord(
    _ index: Int, of node: SimulatedDisk.Node, _ body: (FlaggedRecordView) -> Void
  ) {
    node.view.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      let record = FlaggedRecordView(
        base + index * recordByteCount, featureCount: SimulatedGenerations.featureCount)
      if record.magic == FlaggedRecord.magic, record.storedChecksum == record.computedChecksum {
        body(record)
      }
    }
  }

  func noteSent(_ record: LeavingRecord) {
    learn(record.number, record.checksum, "was sent")
    sent.insert(record.number)
    if record.number > lastNumber, written[record.number] == nil {
      fail("number \(record.number) was sent and is in no segment")
    }
  }

  func noteDelivered(_ record: LeavingRecord) {
    delivered.insert(record.number)
    senders.noteDelivered(event: record.event, number: record.number)
  }

  /// A record was lost on its way while `published` counted as published: what lies further behind that
  /// than `window` records is not promised to be sent again.
  func noteLost(_ record: LeavingRecord, published: UInt64, window: Int) {
    let first = journaled.firstIndex { $0 > record.number } ?? journaled.count
    let behind = journaled[first...].prefix { $0 <= published }.count
    if behind >= window { outOfReach.insert(record.number) }
  }

  private func learn(_ number: UInt64, _ checksum: UInt32, _ where_: String) {
    if let before = known[number] {
      if before != checksum {
        fail("number \(number) \(where_) for another record than before")
      }
    } else {
      known[number] = checksum
    }
  }

  /// The daemon says that its journal ends here, and whether all of it is durable.
  func noteJournal(
    lastNumber last: UInt64, oldestNumber oldest: UInt64, isDurable: Bool, waiting: UInt64
  ) {
    if last > lastNumber {
      // Numbers may jump by the blocks that they are reserved in, a few after ends in a row.
      if last - lastNumber > 10_000_000 { return fail("number \(last) follows \(lastNumber)") }
      for number in untold.sorted() where number > lastNumber && number <= last {
        if journaled.last != number { journaled.append(number) }
        if let event = written[number]?.event { senders.noteAccounted(event: event) }
      }
      untold.removeAll { $0 <= last }
      lastNumber = last
    }
    if isDurable { durableCount = journaled.count }
    if waiting == 0 {
      while sentCount < journaled.count {
        let number = journaled[sentCount]
        // Records that retention has given up go a little later.
        if !sent.contains(number), oldest > 0, number >= oldest {
          fail("nothing waits, and number \(number) was never sent")
          break
        }
        sentCount += 1
      }
    }
  }

  /// A segment is about to go.
  func noteRemoved(
    _ node: SimulatedDisk.Node, beside disk: SimulatedDisk, mayGoUnsent: Bool,
    isAllowed: (UInt64) -> Bool
  ) {
    let elsewhere = numbers(on: disk, without: node)
    for index in 0..<(node.view.count / recordByteCount) {
      withRecord(index, of: node) { record in
        let number = record.number
        guard !elsewhere.contains(number) else { return }
        let place = place(of: number)
        // Records that are not reported yet may go within the step that has written them.
        guard place != nil || untold.contains(number) else { return }
        deleted.insert(number)
        if !sent.contains(number), !mayGoUnsent {
          fail("number \(number) was deleted and never sent")
        }
        if !isAllowed(written[number]?.atNs ?? 0) {
          fail("number \(number) was deleted, and no limit asks for that")
        }
        if let place { forget(at: place) }
        untold.removeAll { $0 == number }
      }
    }
  }

  /// Retention has chosen all numbers below `number` that it had not chosen before; `isAllowed` says of
  /// one, by the time at which it was written, whether a limit asks for that now.
  func noteChosen(below number: UInt64, isAllowed: (UInt64) -> Bool) {
    for each in journaled where each < number && chosen.insert(each).inserted {
      if !isAllowed(written[each]?.atNs ?? 0) {
        fail("number \(each) was chosen for deletion, and no limit asks for that")
      }
    }
  }

  /// The answer to a consumer that asked for records from `first` on.
  func noteCaughtUp(_ record: LeavingRecord) {
    learn(record.number, record.checksum, "was caught up")
  }

  /// The same, of numbers that it said are gone.
  func noteToldGone(_ numbers: ClosedRange<UInt64>) {
    let first = journaled.firstIndex { $0 >= numbers.lowerBound } ?? journaled.count
    for number in journaled[first...].prefix(while: { $0 <= numbers.upperBound })
    where !chosen.contains(number) {
      return fail("catch-up says that number \(number) is gone, and it is there")
    }
  }

  private func numbers(on disk: SimulatedDisk, without removed: SimulatedDisk.Node?) -> Set<UInt64>
  {
    var numbers: Set<UInt64> = []
    for node in disk.names.values where node.isSegment && node !== removed {
      for index in 0..<(node.view.count / recordByteCount) {
        withRecord(index, of: node) { numbers.insert($0.number) }
      }
    }
    return numbers
  }

  private func forget(at place: Int) {
    journaled.remove(at: place)
    if place < durableCount { durableCount -= 1 }
    if place < sentCount { sentCount -= 1 }
  }

  private func place(of number: UInt64) -> Int? {
    let place = journaled.indices.partitionPoint { journaled[$0] < number }
    return place < journaled.count && journaled[place] == number ? place : nil
  }

  // MARK: After a start

  /// Looks through a journal that a daemon has opened; `afterPowerCut`, what was not durable may be
  /// gone.
  func inspect(_ disk: SimulatedDisk, afterPowerCut: Bool) {
    var present: Set<UInt64> = []
    untold.removeAll()
    chosen.removeAll()
    for name in disk.sortedNames {
      guard let node = disk.names[name], node.isSegment else { continue }
      for index in 0..<(node.view.count / recordByteCount) {
        withRecord(index, of: node) { record in
          if !present.insert(record.number).inserted {
            fail("number \(record.number) is in the journal twice")
          }
          learn(record.number, record.storedChecksum, "is in the journal")
          if place(of: record.number) == nil { adopt(record) }
        }
      }
    }
    var kept: [UInt64] = []
    for (place, number) in journaled.enumerated() {
      if present.contains(number) {
        kept.append(number)
      } else if place < durableCount {
        fail("number \(number) was durable and is gone")
      } else if !afterPowerCut {
        fail("number \(number) was journaled and is gone after a kill")
      } else if sendsDurableAlone, sent.contains(number) {
        fail("number \(number) was sent before it was durable, and is gone")
      }
    }
    journaled = kept
    durableCount = min(durableCount, kept.count)
    sentCount = 0
  }

  /// A record that was written and not yet told of when the process ended.
  private func adopt(_ record: FlaggedRecordView) {
    var place = journaled.count
    while place > 0, journaled[place - 1] > record.number { place -= 1 }
    journaled.insert(record.number, at: place)
    if place < durableCount { durableCount += 1 }
    lastNumber = max(lastNumber, record.number)
  }

  /// Whether a segment on the disk begins with a good record, which tells the number of features: a
  /// power cut may leave a hole at the beginning of all that there are.
  func tellsFeatureCount(_ disk: SimulatedDisk) -> Bool {
    disk.names.values.contains { node in
      guard node.isSegment, node.view.count >= recordByteCount else { return false }
      var isGood = false
      withRecord(0, of: node) { _ in isGood = true }
      return isGood
    }
  }

  /// At the end a receiver has got everything that is in the journal.
  func checkDelivered() {
    let missing = journaled.filter { !delivered.contains($0) && !outOfReach.contains($0) }
    if let first = missing.first {
      fail(
        "\(missing.count) records are in the journal and were never received; the first is number "
          + "\(first), \(sent.contains(first) ? "which was sent" : "which was not sent")")
    }
  }

  /// Whether retention took it. Such records cannot be sent again.
  func isDeleted(_ number: UInt64) -> Bool { deleted.contains(number) }

  /// Whether it was lost with a receiver, too far behind.
  func isOutOfReach(_ number: UInt64) -> Bool { outOfReach.contains(number) }

  /// Whether the number is in the journal, or was durable.
  func isJournaled(_ number: UInt64) -> Bool { place(of: number) != nil }
}
