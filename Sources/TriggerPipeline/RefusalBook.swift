package import EventRecords
internal import Synchronization

/// How many records were refused for one reason.
package struct RefusedCount: Equatable, Sendable {
  /// Why.
  package var reason: RecordRejection
  /// How many.
  package var count: UInt64

  /// Creates a count.
  package init(reason: RecordRejection, count: UInt64) {
    self.reason = reason
    self.count = count
  }
}

/// Records of one run and source that were refused since the report before this one.
package struct RefusalReport: Equatable, Sendable {
  /// The run; nil where it cannot be told or trusted, or has no place.
  package var run: UInt32?
  /// The sender; nil with `run`.
  package var source: UInt32?
  /// When the run was opened, as in its ledger; 0 with `run` nil.
  package var openedNs: UInt64
  /// By reason; not empty.
  package var refused: [RefusedCount]

  /// Creates a report.
  package init(run: UInt32?, source: UInt32?, openedNs: UInt64, refused: [RefusedCount]) {
    self.run = run
    self.source = source
    self.openedNs = openedNs
    self.refused = refused
  }
}

/// Refused records that have not been reported yet. Each row has one count for each reason. There
/// is a row for each entry of the run table, some rows for runs that have ended, and one for
/// records of no known run.
///
/// The ingest thread adds. The publish thread writes a row to the file and then subtracts the
/// counts that it has written. A row is given to another run only while its counts are 0: a run
/// that is read together with counts therefore belongs to them.
///
/// `@unchecked` by that rule: the counts are atomic, added with release and read with acquire; the
/// rest is the ingest thread's while a row's counts are 0.
final class RefusalBook: @unchecked Sendable {
  /// Moves with every refusal.
  let total = AtomicCounter()

  private static let reasons = RecordRejection.allCases
  private static let endedCount = 64

  private let entryCount: Int
  private let counts: UnsafeMutablePointer<Atomic<UInt64>>
  private let endedKeys: UnsafeMutablePointer<UInt64>
  private let endedOpenedNs: UnsafeMutablePointer<UInt64>
  private var latestEnded = 0

  /// All rows.
  var rows: Range<Int> { 0..<unknownRow + 1 }
  /// The row of records of no known run.
  var unknownRow: Int { entryCount + Self.endedCount }

  init(entryCount: Int) {
    self.entryCount = entryCount
    let rowCount = entryCount + Self.endedCount + 1
    counts = .allocate(capacity: rowCount * Self.reasons.count)
    for index in 0..<rowCount * Self.reasons.count {
      (counts + index).initialize(to: Atomic(0))
    }
    endedKeys = .allocate(capacity: Self.endedCount)
    endedKeys.initialize(repeating: 0, count: Self.endedCount)
    endedOpenedNs = .allocate(capacity: Self.endedCount)
    endedOpenedNs.initialize(repeating: 0, count: Self.endedCount)
  }

  deinit {
    counts.deinitialize(count: rows.count * Self.reasons.count).deallocate()
    endedKeys.deallocate()
    endedOpenedNs.deallocate()
  }

  /// The ingest thread counts a refusal.
  func add(_ reason: RecordRejection, count: UInt64 = 1, row: Int) {
    counter(row, reason).pointee.wrappingAdd(count, ordering: .releasing)
    total.add()
  }

  /// The ingest thread's row for a run that has ended; the unknown one where all are taken.
  func row(ofEnded key: UInt64, openedNs: UInt64) -> Int {
    func isOurs(_ index: Int) -> Bool {
      endedKeys[index] == key && endedOpenedNs[index] == openedNs
    }
    if isOurs(latestEnded) { return entryCount + latestEnded }
    let rows = 0..<Self.endedCount
    if let ours = rows.first(where: isOurs) {
      latestEnded = ours
      return entryCount + ours
    }
    guard let index = rows.first(where: { isEmpty(entryCount + $0) }) else { return unknownRow }
    // Nobody reads the run of an empty row. That of a row with counts may be read at any time, so
    // it is not written again, not even with the value that it has.
    endedKeys[index] = key
    endedOpenedNs[index] = openedNs
    latestEnded = index
    return entryCount + index
  }

  /// The counts of a row that the publish thread has not reported yet; empty for none.
  func untold(_ row: Int) -> [RefusedCount] {
    if isEmpty(row) { return [] }
    return Self.reasons.compactMap { reason in
      let count = counter(row, reason).pointee.load(ordering: .acquiring)
      return count > 0 ? RefusedCount(reason: reason, count: count) : nil
    }
  }

  /// The run of a row that belongs to no entry of the run table and has counts.
  func identity(ofRow row: Int) -> (key: UInt64, openedNs: UInt64)? {
    let index = row - entryCount
    guard 0..<Self.endedCount ~= index else { return nil }
    return (endedKeys[index], endedOpenedNs[index])
  }

  /// Subtracts the counts that the publish thread has written.
  func note(told refused: [RefusedCount], row: Int) {
    for each in refused {
      counter(row, each.reason).pointee.wrappingSubtract(
        each.count, ordering: .acquiringAndReleasing)
    }
  }

  private func isEmpty(_ row: Int) -> Bool {
    let first = counts + row * Self.reasons.count
    for index in 0..<Self.reasons.count where first[index].load(ordering: .acquiring) != 0 {
      return false
    }
    return true
  }

  private func counter(
    _ row: Int, _ reason: RecordRejection
  ) -> UnsafeMutablePointer<Atomic<UInt64>> {
    guard let index = Self.reasons.firstIndex(of: reason) else {
      preconditionFailure("every reason is among all reasons")
    }
    return counts + row * Self.reasons.count + index
  }
}
