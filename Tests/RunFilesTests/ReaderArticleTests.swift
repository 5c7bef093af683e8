import EventRecords
import RunFiles
import TestSupport
import Testing

// begin: BuildAReader
/// How many events each luminosity section of a recorded run has.
func eventCounts(ofRun path: String) throws -> [UInt32: Int] {
  let run = try RecordedRun(path)
  for note in run.notes { print("\(path): \(note)") }
  var counts: [UInt32: Int] = [:]
  try run.forEachRecord { record in
    if record.kind == .event { counts[record.lumi, default: 0] += 1 }
  }
  return counts
}
// end: BuildAReader

// begin: BuildAReader
/// The score and the strangest feature of each event that a working point has kept.
func flaggedEvents(ofJournal path: String) throws -> [(event: UInt64, score: Float, feature: Int)] {
  let journal = try RecordedRun(path)
  guard journal.kind == .flagged else { return [] }
  var found: [(event: UInt64, score: Float, feature: Int)] = []
  try journal.forEachFlaggedRecord { record in
    guard record.reasons.contains(.aboveThreshold) else { return }
    let shares = record.attributions
    let strangest = shares.indices.max { shares[$0] < shares[$1] } ?? 0
    found.append((record.event.event, record.score, strangest))
  }
  return found
}
// end: BuildAReader

// begin: BuildAReader
/// What one message of the stream holds: good events, and refusals by reason.
func content(
  ofMessage bytes: UnsafeRawBufferPointer, featureCount: Int
) -> (events: Int, refused: [RecordRejection: Int]) {
  var content: (events: Int, refused: [RecordRejection: Int]) = (0, [:])
  var walker = MessageWalker(bytes: bytes, featureCount: featureCount, schema: 0)
  while let step = walker.next() {
    switch step {
    case .record(let record): content.events += record.kind == .event ? 1 : 0
    case .refused(let reason): content.refused[reason, default: 0] += 1
    }
  }
  return content
}
// end: BuildAReader

@Suite struct ReaderArticleTests {
  let temporary = TemporaryFolder()

  @Test func theArticleCountsEvents() throws {
    let events = ([(1, 7), (2, 7), (3, 8)] as [(UInt64, UInt32)]).flatMap { number, lumi in
      eventBytes(
        EventHeader(lumi: lumi, featureCount: 4, sequence: number, event: number))
    }
    let heartbeat = eventBytes(EventHeader(kind: .heartbeat, featureCount: 4, sequence: 4))
    try writeRun(temporary("run"), events + heartbeat)
    #expect(try eventCounts(ofRun: temporary("run")) == [7: 2, 8: 1])
    #expect(try flaggedEvents(ofJournal: temporary("run")).isEmpty)
  }

  @Test func theArticleReadsAJournal() throws {
    let records = flaggedBytes(number: 1) + flaggedBytes(number: 2, reasons: .unbiased)
    try writeRun(temporary("journal"), records, kind: .flagged)
    let found = try flaggedEvents(ofJournal: temporary("journal"))
    #expect(found.map(\.event) == [1] && found.map(\.score) == [3] && found.map(\.feature) == [3])
  }

  @Test func theArticleReadsMessages() {
    let good = someEvents(3)
    var bytes = good
    bytes[70] ^= 1
    bytes.withUnsafeBytes {
      let found = content(ofMessage: $0, featureCount: 4)
      #expect(found.events == 2 && found.refused == [.checksum: 1])
    }
  }
}
