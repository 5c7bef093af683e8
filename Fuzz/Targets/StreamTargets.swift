internal import EventRecords

@testable internal import TriggerPipeline

/// What comes in by the input socket.
let streamTargets = [
  FuzzTarget(name: "messages", body: walkMessage),
  FuzzTarget(name: "sequences", body: noteSequences),
  FuzzTarget(name: "placing", body: placeRecords),
]

/// The first byte chooses D, and whether the records get good checksums.
private func walkMessage(_ input: UnsafeRawBufferPointer) {
  guard let choice = input.first else { return }
  let featureCount = [0, 1, 4, 64][Int(choice & 3)]
  let content = UnsafeRawBufferPointer(rebasing: input.dropFirst())
  if choice & 4 == 0 { return walk(content, featureCount: featureCount) }
  var sealed = Array(content)
  sealEvents(&sealed, featureCount: featureCount)
  sealed.withUnsafeBytes { walk($0, featureCount: featureCount) }
}

private func walk(_ message: UnsafeRawBufferPointer, featureCount: Int) {
  var walker = MessageWalker(bytes: message, featureCount: featureCount, schema: 1)
  // The daemon copies a good record into its ring before it looks at the features.
  let slot = UnsafeMutableRawBufferPointer.allocate(
    byteCount: EventRecord.byteCount(featureCount: featureCount), alignment: 64)
  defer { slot.deallocate() }
  var last = 0
  while let step = walker.next() {
    if case .record(let record) = step {
      require(record.featureCount == featureCount, "a good record has D features")
      require(record.kind != nil, "a good record has a kind")
      slot.copyMemory(from: UnsafeRawBufferPointer(start: record.base, count: slot.count))
      if let base = slot.baseAddress { _ = allFinite(EventRecordView(base).features) }
      _ = EventIdentity(record).prescaleHash
    }
    require(walker.byteOffset > last || message.isEmpty, "every step goes on")
    last = walker.byteOffset
  }
  require(walker.byteOffset == message.count, "the walk ends at the end")
}

/// Two accounts of the same stream, then their sum; the second is perhaps one read from a file.
private func noteSequences(_ input: UnsafeRawBufferPointer) {
  var bytes = InputBytes(input)
  var ledgers = (SequenceTracker(), SequenceTracker())
  if bytes.byte() & 1 == 1 {
    let words = (0..<SequenceTracker.wordCount).map { _ in bytes.sequence(near: 0) }
    if let read = SequenceTracker(savedAt: words) { ledgers.1 = read }
  }
  var last: UInt64 = 0
  while !bytes.isEmpty {
    let isFirst = bytes.byte() & 1 == 0
    last = bytes.sequence(near: last)
    let outcome = isFirst ? ledgers.0.note(last) : ledgers.1.note(last)
    require(last > 0 || outcome == .repeated, "0 is no sequence")
    check(isFirst ? ledgers.0 : ledgers.1)
  }
  ledgers.0.merge(ledgers.1)
  check(ledgers.0)
}

private func check(_ ledger: SequenceTracker) {
  require(ledger.received <= ledger.highest, "received at most what was sent")
  require(ledger.highest - ledger.received == ledger.lost, "highest = received + lost")
  let words = UnsafeMutablePointer<UInt64>.allocate(capacity: SequenceTracker.wordCount)
  defer { words.deallocate() }
  ledger.save(to: words)
  guard let read = SequenceTracker(savedAt: words) else {
    return require(false, "what is saved can be read")
  }
  require(read.seenRanges == ledger.seenRanges, "what is saved is what was there")
}

/// Records of several sources and runs with good checksums, to be placed in the stream.
private func placeRecords(_ input: UnsafeRawBufferPointer) {
  var bytes = InputBytes(input)
  let table = RunLedgerTable(isShared: bytes.byte() & 1 == 1)
  let record = UnsafeMutableRawBufferPointer.allocate(byteCount: 64, alignment: 64)
  defer { record.deallocate() }
  guard let base = record.baseAddress else { return }
  var last: UInt64 = 0
  while !bytes.isEmpty {
    let choice = bytes.byte()
    let kind = RecordKind(rawValue: 1 + choice & 3) ?? .event
    let numbers: [UInt32] = [0, 1, 2, 7, 1 << 31, .max - 1, .max]
    let source = choice & 4 == 0 ? numbers[Int(bytes.byte() % 7)] : UInt32(bytes.byte())
    let run = choice & 8 == 0 ? numbers[Int(bytes.byte() % 7)] : bytes.integer()
    last = bytes.sequence(near: last)
    EventRecord.encode(
      EventHeader(kind: kind, source: source, run: run, featureCount: 0, sequence: last),
      features: nil, into: base)
    _ = table.place(EventRecordView(base), isEvent: kind == .event)
  }
  for index in 0..<table.sources.count {
    let counters = table.sources[index]
    // Every gap is counted once, and at most the sequences below the highest can be lost.
    _ = counters.received.value &+ counters.lost.value &+ counters.late.value
  }
}
