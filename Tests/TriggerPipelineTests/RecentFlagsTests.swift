internal import EventRecords
internal import Testing
internal import TriggerPipeline

struct RecentFlagsTests {
  private let minuteNs: UInt64 = 60_000_000_000
  private let startNs: UInt64 = 1_767_225_600_000_000_000

  /// Notes an event of one feature.
  private func note(_ flags: RecentFlags, score: Float, number: UInt64, timeNs: UInt64) {
    let header = FlaggedHeader(
      reasons: .aboveThreshold, workingPoints: 1, score: score, threshold: 1, number: number,
      receivedNs: timeNs, decidedNs: timeNs, weight: 1, model: 0, calibration: 0, instance: 1)
    let record = UnsafeMutableRawPointer.allocate(byteCount: 68, alignment: 8)
    defer { record.deallocate() }
    record.initializeMemory(as: UInt8.self, repeating: 0, count: 68)
    [score].withUnsafeBufferPointer {
      flags.note(header, record: EventRecordView(record), attributions: $0)
    }
  }

  @Test func theStrangestOfAnHourAreInOrderOfTheirScores() {
    let flags = RecentFlags(featureCount: 1)
    var scores: [Float] = []
    for index in 0..<600 {
      let score = Float((index * 7_919) % 601)
      scores.append(score)
      note(
        flags, score: score, number: UInt64(index + 1),
        timeNs: startNs + UInt64(index) * minuteNs / 10)
    }
    let found = flags.strangest(nowNs: startNs + 59 * minuteNs).map(\.score)
    #expect(found == Array(scores.sorted(by: >).prefix(RecentFlags.strangestCountMax)))
    #expect(flags.latest.first?.number == 600)
  }

  @Test func anHourLaterTheyAreGone() {
    let flags = RecentFlags(featureCount: 1)
    note(flags, score: .infinity, number: 1, timeNs: startNs)
    note(flags, score: 5, number: 2, timeNs: startNs + 50 * minuteNs)
    #expect(flags.strangest(nowNs: startNs + 54 * minuteNs).map(\.number) == [1, 2])
    #expect(flags.strangest(nowNs: startNs + 61 * minuteNs).map(\.number) == [2])
    #expect(flags.strangest(nowNs: startNs + 600 * minuteNs).isEmpty)
    // A clock that was set back: what is in its future does not count as of its hour.
    #expect(flags.strangest(nowNs: startNs - 10 * minuteNs).isEmpty)
  }

  @Test(arguments: [0, UInt64.max]) func extremesOfTheClockAreTimesLikeOthers(_ timeNs: UInt64) {
    let flags = RecentFlags(featureCount: 1)
    note(flags, score: 2, number: 1, timeNs: timeNs)
    note(flags, score: .nan, number: 2, timeNs: timeNs)
    #expect(flags.strangest(nowNs: timeNs).map(\.number) == [1])
  }
}
