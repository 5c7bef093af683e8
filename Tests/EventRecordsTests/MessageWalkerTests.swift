import EventRecords
import TestSupport
import Testing

/// What a walk over some bytes gives.
private struct Walk: Equatable {
  var events: [UInt64] = []
  var refusals: [RecordRejection] = []
  /// Every step moves on, and the last one ends at the end.
  var accountsForEveryByte = true

  init(events: [UInt64], refusals: [RecordRejection]) {
    self.events = events
    self.refusals = refusals
  }

  init(_ bytes: [UInt8], featureCount: Int = 4, schema: UInt32 = 0) {
    bytes.withUnsafeBytes { buffer in
      var walker = MessageWalker(bytes: buffer, featureCount: featureCount, schema: schema)
      var before = 0
      while let step = walker.next() {
        switch step {
        case .record(let view):
          events.append(view.event)
          let isRight =
            view.storedChecksum == view.computedChecksum && view.featureCount == featureCount
            && walker.byteOffset - before == view.byteCount
          if !isRight { accountsForEveryByte = false }
        case .refused(let reason): refusals.append(reason)
        }
        if walker.byteOffset <= before, !bytes.isEmpty {
          accountsForEveryByte = false
          break
        }
        before = walker.byteOffset
      }
      if walker.byteOffset != bytes.count { accountsForEveryByte = false }
    }
  }
}

/// Makes the checksum right again after a change.
private func sealed(_ record: [UInt8]) -> [UInt8] {
  Array(record[..<60]) + littleEndian(plainChecksum(record[..<60] + record[64...]))
    + Array(record[64...])
}

private func changed(_ record: [UInt8], _ offset: Int, _ value: UInt8) -> [UInt8] {
  var record = record
  record[offset] = value
  return record
}

@Suite struct MessageWalkerTests {
  static let good = eventBytes(EventHeader(featureCount: 4, sequence: 1, event: 11, schema: 5))
  static let next = eventBytes(EventHeader(featureCount: 4, sequence: 2, event: 12))

  @Test func fourKindsAreKnown() {
    for byte in UInt8.min...UInt8.max {
      let isKnown = RecordKind(rawValue: byte) != nil
      #expect(Walk(sealed(changed(Self.good, 5, byte))).refusals == (isKnown ? [] : [.kind]))
    }
  }

  @Test(arguments: [1, 2, 16, 256])
  func wholeRecordsComeInOrder(count: Int) {
    let walk = Walk(someEvents(count))
    #expect(walk == Walk(events: Array(1...UInt64(count)), refusals: []))
  }

  /// A bad record between two good ones: its reason, and nothing else is lost.
  @Test(arguments: [
    (RecordRejection.magic, changed(good, 0, 0x55)),
    (.magic, [UInt8](repeating: 0, count: 80)),
    (.version, changed(good, 4, 2)),
    (.version, sealed(changed(good, 4, 0))),
    (.checksum, changed(good, 70, 0xAA)),
    (.checksum, changed(good, 60, good[60] ^ 1)),
    (.checksum, changed(good, 20, 3)),
    (.checksum, changed(good, 21, 0xFF)),
    (.featureCount, eventBytes(EventHeader(featureCount: 3))),
    (.featureCount, eventBytes(EventHeader(featureCount: 0))),
    (.featureCount, eventBytes(EventHeader(featureCount: 500))),
    (.kind, sealed(changed(good, 5, 0))),
    (.kind, sealed(changed(good, 5, 5))),
    (.schema, eventBytes(EventHeader(featureCount: 4, schema: 6))),
  ])
  func eachDefectHasItsReason(reason: RecordRejection, record: [UInt8]) {
    let walk = Walk(Self.good + record + Self.next, schema: 5)
    #expect(walk == Walk(events: [11, 12], refusals: [reason]))
    #expect(Walk(record, schema: 5) == Walk(events: [], refusals: [reason]))
  }

  @Test func theOrderOfChecksIsLengthMagicVersionChecksumFeaturesKindSchema() {
    var record = sealed(changed(changed(Self.good, 5, 9), 56, 77))
    #expect(Walk(record, schema: 5).refusals == [.kind])
    record[70] ^= 1
    #expect(Walk(record, schema: 5).refusals == [.checksum])
    record[4] = 3
    #expect(Walk(record, schema: 5).refusals == [.version])
    record[0] = 0
    #expect(Walk(record, schema: 5).refusals == [.magic])
    #expect(Walk(record.dropLast(), schema: 5).refusals == [.truncated])
  }

  @Test func aSchemaThatIsNotSaidFitsAny() {
    #expect(Walk(Self.good, schema: 0).refusals.isEmpty)
    #expect(Walk(Self.next, schema: 5).refusals.isEmpty)
  }

  @Test func anEmptyMessageIsOneRefusal() {
    #expect(Walk([]) == Walk(events: [], refusals: [.emptyMessage]))
  }

  @Test func aTailIsTruncatedOnceAtEveryLength() {
    for length in 1..<Self.good.count {
      let walk = Walk(Self.good + Self.next[..<length])
      #expect(walk == Walk(events: [11], refusals: [.truncated]))
    }
  }

  @Test func nonFiniteFeaturesAreNotTheWalkersBusiness() {
    let bytes = eventBytes(
      EventHeader(featureCount: 4, event: 3), features: [.nan, 1, .infinity, 0])
    #expect(Walk(bytes) == Walk(events: [3], refusals: []))
  }

  @Test func oneBrokenByteCostsOneRecord() {
    var random = SeededGenerator(1)
    for _ in 0..<20_000 {
      let count = Int.random(in: 1...6, using: &random)
      var bytes = someEvents(count)
      let place = Int.random(in: 0..<bytes.count, using: &random)
      bytes[place] ^= UInt8.random(in: 1...255, using: &random)
      let walk = Walk(bytes)
      let expected = (0..<count).filter { $0 != place / 80 }.map { UInt64($0 + 1) }
      #expect(walk.events == expected && walk.refusals.count == 1 && walk.accountsForEveryByte)
    }
  }

  @Test func mutatedMessagesAreAccountedForToTheByte() {
    var random = SeededGenerator(2)
    let original = someEvents(8)
    let other = eventBytes(EventHeader(featureCount: 9))
    for _ in 0..<100_000 {
      var bytes = original
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let place = Int.random(in: 0...bytes.count, using: &random)
        switch Int.random(in: 0..<5, using: &random) {
        case 0: bytes.removeSubrange(place..<min(bytes.count, place + Int(random.next() % 100)))
        case 1: bytes.insert(contentsOf: other, at: place)
        case 2: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: place)
        case 3: if place < bytes.count { bytes[place] = UInt8(truncatingIfNeeded: random.next()) }
        default: bytes = Array(bytes[..<place])
        }
      }
      let walk = Walk(bytes, schema: 0x0101_0101)
      if !walk.accountsForEveryByte || walk.events.count > 8 {
        Issue.record("a walk over \(bytes) does not add up")
        return
      }
    }
  }

  @Test func randomBytesNeverMakeARecord() {
    var random = SeededGenerator(3)
    for _ in 0..<20_000 {
      let count = Int.random(in: 0...700, using: &random)
      let walk = Walk((0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) })
      #expect(walk.events.isEmpty && walk.accountsForEveryByte && !walk.refusals.isEmpty)
    }
  }
}
