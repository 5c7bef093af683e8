internal import BoundedNumbers
internal import DurableFiles
internal import EventRecords

/// Numbers that a journal's segments had and have no more: a whole segment is not there, its end is cut,
/// or records are cut out of it.
///
/// Within a segment numbers have no gap. A gap between segments is no evidence where a process began
/// behind it: a start after an end that was not orderly leaves out numbers, and names with them. Retention
/// leaves one before the first segment.
struct MissingNumbers: CustomStringConvertible {
  /// They come before a record of this segment; the count of segments for those at the end.
  var segment: Int
  /// The index of that record in the segment.
  var record = 0
  /// How many.
  var count: UInt64
  var description: String
  /// The number of the first record behind a gap that only names tell; nil where the manifest tells.
  var nextNumber: UInt64?

  private struct Known {
    var index: Int
    var first: UInt64
    var last: UInt64
    /// The place of the segment; of one that is not there that of the next one.
    var place = 0
    /// Whether its numbers have a gap or go back.
    var hasJumps = false
    /// Whether the manifest tells that its end is cut.
    var isCut = false
  }

  /// - Parameters:
  ///   - segments: in order, with whole records.
  ///   - isOfDaemon: whether a daemon wrote them. What a receiver has written may lack numbers.
  static func find(
    in segments: [MappedSegment], manifest: RunManifest?, deleted: DeletedRecords,
    ofDaemon isOfDaemon: Bool
  ) -> [MissingNumbers] {
    let present = segments.enumerated().map { place, segment in
      var found = numbers(of: segment)
      found?.place = place
      return found
    }
    let listed = manifest?.segmentsByName ?? [:]
    var missing: [MissingNumbers] = []
    var told: Set<String> = []
    var cutPlaces: Set<Int> = []
    // Segments that the manifest lists and that are cut, then those that are not there.
    for (place, segment) in segments.enumerated() {
      let name = lastComponent(segment.path)
      told.insert(name)
      guard let found = present[place] else { continue }
      if isOfDaemon, found.hasJumps { missing += inside(segment, place: place) }
      guard let entry = listed[name], let last = entry.summary?.lastNumber, found.last < last,
        segment.byteCount < entry.byteCount
      else { continue }
      cutPlaces.insert(place)
      missing.append(
        MissingNumbers(
          segment: place + 1, count: last - found.last,
          description: "\(name): numbers \(found.last + 1) to \(last) are missing: found "
            + "\(segment.byteCount) bytes, expected \(entry.byteCount), as the manifest says"))
    }
    var known = present.compactMap(\.self)
    for index in known.indices { known[index].isCut = cutPlaces.contains(known[index].place) }
    for entry in manifest?.segments ?? [] where !told.contains(entry.name) {
      guard let name = SegmentName(entry.name), let first = entry.summary?.firstNumber,
        let last = entry.summary?.lastNumber, last > deleted.number
      else { continue }
      told.insert(entry.name)
      let place = present.firstIndex { ($0?.index ?? 0) > name.index } ?? segments.count
      known.append(Known(index: name.index, first: first, last: last, place: place))
      missing.append(
        MissingNumbers(
          segment: place, count: last -| first +| 1,
          description: "\(entry.name): numbers \(first) to \(last) are missing: the manifest lists "
            + "it, and it is not there"))
    }
    known.sort { $0.index < $1.index }
    return missing + unlisted(known, told: told, deleted: deleted, isOfDaemon: isOfDaemon)
  }

  /// Numbers that are in none of the segments that are there or in the manifest: between two of them, or
  /// before the first.
  private static func unlisted(
    _ known: [Known], told: Set<String>, deleted: DeletedRecords, isOfDaemon: Bool
  ) -> [MissingNumbers] {
    var before = Known(index: 0, first: 0, last: deleted.number)
    if deleted.number > 0, let first = known.first {
      // Retention takes the oldest segments; how many is not said.
      before.index = first.index - 1
    }
    var missing: [MissingNumbers] = []
    for (position, next) in known.enumerated() {
      defer { before = next }
      guard next.first > before.last, next.first - before.last > 1 else { continue }
      let count = next.index -| before.index -| 1
      let which: String
      if count > 0 {
        let name = title(before.index + 1)
        guard !told.contains(name) else { continue }
        which = (count == 1 ? "\(name) is" : "\(name) and \(count - 1) more are") + " not there"
      } else {
        // Which names retention has taken nobody knows. Of an end that is cut the manifest has told.
        guard isOfDaemon, !before.isCut, position > 0 || deleted.number == 0 else { continue }
        which =
          (position > 0 ? "the end of \(title(before.index)) or " : "")
          + "the beginning of \(title(next.index)) is cut"
      }
      missing.append(
        MissingNumbers(
          segment: next.place, count: next.first - before.last - 1,
          description:
            "numbers \(before.last + 1) to \(next.first - 1) are in no segment: \(which)",
          nextNumber: next.first))
    }
    return missing
  }

  private static func title(_ index: Int) -> String {
    SegmentName(index: index, kind: .flagged, isOpen: false).description
  }

  /// What is cut out of a segment. Reads all of it.
  private static func inside(_ segment: MappedSegment, place: Int) -> [MissingNumbers] {
    segment.read { records in
      var numbers = SegmentNumbers(lastComponent(segment.path))
      return (0..<segment.recordCount).compactMap { index in
        guard records.refusal(index) == nil, let record = records.flagged(index),
          let jump = numbers.jump(to: record.number, at: index), jump.missingCount > 0
        else { return nil }
        return MissingNumbers(
          segment: place, record: index, count: jump.missingCount, description: jump.description)
      }
    }
  }

  /// By the first and last good record; nil without one, and for a segment of another name.
  private static func numbers(of segment: MappedSegment) -> Known? {
    guard let name = SegmentName(lastComponent(segment.path)) else { return nil }
    return segment.read { records in
      let indices = 0..<segment.recordCount
      guard let first = indices.first(where: { records.refusal($0) == nil }),
        let last = indices.last(where: { records.refusal($0) == nil }),
        let (low, high) = records.flagged(first).flatMap({ low in
          records.flagged(last).map { (low.number, $0.number) }
        })
      else { return nil }
      // The records before the first good one had the numbers before its own, and those behind the last
      // good one the numbers behind it.
      return Known(
        index: name.index, first: low -| UInt64(first),
        last: high +| UInt64(segment.recordCount - 1 - last),
        hasJumps: high -| low != UInt64(last - first))
    }
  }
}
