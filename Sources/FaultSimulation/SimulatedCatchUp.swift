internal import EventRecords
internal import RunFiles
internal import TriggerPipeline

/// Somebody who asks a daemon for records of the past, by the reader that its catch-up server has.
final class SimulatedCatchUp {
  private let reader: JournalReader
  private let witness: JournalWitness
  private let buffer: UnsafeMutableRawBufferPointer
  private let recordByteCount = FlaggedRecord.byteCount(
    featureCount: SimulatedGenerations.featureCount)

  private static let recordCountMax = 8

  /// Reads beside the process that writes in `folder`.
  init(_ folder: SimulatedFolder, witness: JournalWitness) {
    reader = JournalReader(store: folder, featureCount: SimulatedGenerations.featureCount)
    self.witness = witness
    buffer = .allocate(byteCount: Self.recordCountMax * recordByteCount, alignment: 64)
  }

  deinit { buffer.deallocate() }

  /// Asks for records from `number` on, up to `last`, which was journaled.
  func ask(from number: UInt64, through last: UInt64) {
    do {
      note(try reader.read(from: number, through: last, into: buffer), from: number, last: last)
    } catch {
      witness.fail("catch-up fails: \(error)")
    }
  }

  private func note(_ answer: JournalReader.Answer, from number: UInt64, last: UInt64) {
    if let gone = answer.gone { witness.noteToldGone(gone) }
    if number <= last, answer.nextNumber <= number {
      return witness.fail("catch-up from \(number) through \(last) says nothing")
    }
    guard let base = UnsafeRawPointer(buffer.baseAddress) else { return }
    var before = number - 1
    for index in 0..<answer.recordCount {
      let record = LeavingRecord(
        FlaggedRecordView(
          base + index * recordByteCount, featureCount: SimulatedGenerations.featureCount))
      if record.number <= before || record.number >= answer.nextNumber {
        witness.fail("catch-up from \(number) gives number \(record.number) after \(before)")
      }
      before = record.number
      witness.noteCaughtUp(record)
    }
  }
}
