internal import BoundedNumbers
internal import DurableFiles

/// How much of a journal is kept. Whole closed segments are deleted, the oldest first.
public struct JournalLimits: Equatable, Sendable {
  /// Segments are deleted while the journal has more bytes than this; 0 keeps all.
  public var byteCountMax = 0
  /// Segments are deleted whose last record was written longer ago, in seconds; 0 keeps all.
  public var ageMaxS = 0
  /// Whether records that were not published may be deleted, and so lost.
  public var deletesUnpublished = false

  /// Keeps all.
  public init() {}

  /// Whether anything may be deleted at all.
  public var isLimited: Bool { byteCountMax > 0 || ageMaxS > 0 }
}

/// The outcome of a look at a journal's limits.
public enum RetentionVerdict: Equatable, Sendable {
  /// The journal is within its limits.
  case withinLimits
  /// Segments were chosen; the next synchronisation deletes them.
  case deleting
  /// The limits are exceeded, but only unpublished records could be deleted. They stay.
  case heldByUnpublished
}

extension FlaggedJournal {
  /// Bytes in all segments, those being deleted among them.
  public var byteCount: Int {
    let closing = closings.reduce(0) { $0 + $1.segment.byteCount }
    let leaving = removal?.segments.reduce(0) { $0 + $1.byteCount } ?? 0
    return closedByteCount + closing + leaving + openByteCount
  }

  /// Segments, those being deleted among them.
  public var segmentCount: Int {
    segments.count + closings.count + (removal?.segments.count ?? 0) + (openByteCount > 0 ? 1 : 0)
  }

  /// The lowest number in the journal; nil while it is empty.
  public var firstNumber: UInt64? {
    segments.first?.firstNumber ?? closings.first?.segment.firstNumber
      ?? (openByteCount > 0 ? currentFirstNumber : nil)
  }

  /// Whether full segments wait for their names, or old ones for their deletion.
  public var hasChores: Bool { !closings.isEmpty || removal != nil }

  /// Begins the journal's own time, which gives segments their age. The system's clock may be wrong
  /// now, or may have been when a segment was written. A gap of more than a day between two
  /// segments, or up to now, therefore counts as one day. From now on the owner should advance
  /// `nowS` by a clock that cannot be set.
  public func beginTime(wallS: Int) {
    var place = min(segments.last?.writtenS ?? wallS, wallS)
    nowS = place +| min(max(0, wallS -| place), Self.gapMaxS)
    var stated = segments.last?.writtenS ?? wallS
    for index in segments.indices.reversed() {
      let gap = min(max(0, stated -| segments[index].writtenS), Self.gapMaxS)
      // The file of a segment that had to be written again is younger than those that follow. It must
      // not make those before it older.
      stated = min(stated, segments[index].writtenS)
      place = place -| gap
      segments[index].writtenS = place
    }
  }

  private static let gapMaxS = 86_400

  /// Makes the file of deletions now, so that it can be written on a full disk later.
  public func prepareRetention() throws { try deleted.write(in: store) }

  /// Chooses the segments to delete by `limits`, and more where `missingByteCount` bytes are
  /// needed. It chooses only segments whose records were all published, unless the limits allow
  /// others, and never one that is open or being closed. The next synchronisation deletes them,
  /// after the published number has reached the disk.
  public func chooseForDeletion(
    _ limits: JournalLimits, missingByteCount: Int = 0, nowS: Int
  ) -> RetentionVerdict {
    collectClosed()
    collectRemoved()
    guard limits.isLimited else { return .withinLimits }
    if removal != nil { return .deleting }
    var (total, missing, count) = (byteCount, missingByteCount, 0)
    var verdict = RetentionVerdict.withinLimits
    for segment in segments {
      let isTooMuch = limits.byteCountMax > 0 && total > limits.byteCountMax
      let isTooOld = limits.ageMaxS > 0 && (nowS -| segment.writtenS) > limits.ageMaxS
      guard isTooMuch || isTooOld || missing > 0 else { break }
      guard segment.lastNumber <= publishedNumber || limits.deletesUnpublished else {
        verdict = .heldByUnpublished
        break
      }
      total -= segment.byteCount
      missing -= segment.byteCount
      count += 1
    }
    if count == 0 { return verdict }
    beginRemoval(count)
    return .deleting
  }

  private func beginRemoval(_ count: Int) {
    let doomed = Array(segments[..<count])
    var account = deleted
    for segment in doomed { account.add(segment, publishedNumber: publishedNumber) }
    segments.removeFirst(count)
    closedByteCount -= doomed.reduce(0) { $0 + $1.byteCount }
    let unpublished = doomed.first { $0.lastNumber > publishedNumber }
    removal = SegmentRemoval(
      doomed, account: account,
      firstUnpublished: unpublished.map { max($0.firstNumber, publishedNumber + 1) }, store: store)
    // Their numbers are never given again, also where deleting the files fails.
    deleted.number = account.number
  }

  /// Takes note of a deletion that is done.
  func collectRemoved() {
    guard let done = removal, done.isDone else { return }
    deleted = done.account
    forget(done.segments)
    removal = nil
  }
}

extension DeletedRecords {
  /// Counts the records of a segment that were not counted before.
  fileprivate mutating func add(_ segment: JournalSegment, publishedNumber: UInt64) {
    segmentIndex = max(segmentIndex, UInt64(segment.name.index))
    let first = max(segment.firstNumber, number + 1)
    guard first <= segment.lastNumber else { return }
    let count = segment.lastNumber - first + 1
    let lastPublished = min(segment.lastNumber, publishedNumber)
    let publishedCount = lastPublished >= first ? lastPublished - first + 1 : 0
    published += publishedCount
    unpublished += count - publishedCount
    number = segment.lastNumber
  }
}
