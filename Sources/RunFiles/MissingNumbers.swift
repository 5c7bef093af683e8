internal import BoundedNumbers
internal import DurableFiles
internal import EventRecords

/// Numbers that a journal's segments had and have no more: a whole segment is not there, or its end
/// is cut.
///
/// A gap of numbers between segments is no evidence alone: a journal leaves some out after an end that
/// was not orderly. Evidence is a segment of the manifest, or a missing name beside the gap. Where a
/// process began behind the gap the name is none, either: a start after such an end leaves out names, too.
struct MissingNumbers: CustomStringConvertible {
  /// They come before the first record of this segment; the count of segments for those at the end.
  var segment: Int
  var description: String
  /// The number of the first record behind a gap that only names tell; nil where the manifest tells.
  var nextNumber: UInt64?

  private struct Known {
    var index: Int
    var first: UInt64
    var last: UInt64
    /// The place of the segment; of one that is not there that of the next one.
    var place = 0
  }

  /// - Parameter segments: in order, with whole records.
  static func find(
    in segments: [MappedSegment], manifest: RunManifest?, deleted: DeletedRecords
  ) -> [MissingNumbers] {
    let present = segments.enumerated().map { place, segment in
      var found = numbers(of: segment)
      found?.place = place
      return found
    }
    var known = present.compactMap(\.self)
    let listed = manifest?.segmentsByName ?? [:]
    var missing: [MissingNumbers] = []
    var told: Set<String> = []
    // Segments that the manifest lists and that are cut, then those that are not there.
    for (place, segment) in segments.enumerated() {
      let name = lastComponent(segment.path)
      told.insert(name)
      guard let entry = listed[name], let last = entry.summary?.lastNumber,
        let found = present[place], found.last < last, segment.byteCount < entry.byteCount
      else { continue }
      missing.append(
        MissingNumbers(
          segment: place + 1,
          description: "\(name): numbers \(found.last + 1) to \(last) are missing: found "
            + "\(segment.byteCount) bytes, expected \(entry.byteCount), as the manifest says"))
    }
    for entry in manifest?.segments ?? [] where !told.contains(entry.name) {
      guard let name = SegmentName(entry.name), let first = entry.summary?.firstNumber,
        let last = entry.summary?.lastNumber, last > deleted.number
      else { continue }
      told.insert(entry.name)
      let place = present.firstIndex { ($0?.index ?? 0) > name.index } ?? segments.count
      known.append(Known(index: name.index, first: first, last: last, place: place))
      missing.append(
        MissingNumbers(
          segment: place,
          description: "\(entry.name): numbers \(first) to \(last) are missing: the manifest lists "
            + "it, and it is not there"))
    }
    known.sort { $0.index < $1.index }
    return missing + unlisted(known, told: told, deleted: deleted)
  }

  /// Names that are missing between two segments that are there or in the manifest, or before the first,
  /// with numbers that are in none.
  private static func unlisted(
    _ known: [Known], told: Set<String>, deleted: DeletedRecords
  ) -> [MissingNumbers] {
    var before = Known(index: 0, first: 0, last: deleted.number)
    if deleted.number > 0, let first = known.first {
      // Retention takes the oldest segments; how many is not said.
      before.index = first.index - 1
    }
    var missing: [MissingNumbers] = []
    for next in known {
      defer { before = next }
      guard next.index - before.index > 1, next.first > before.last,
        next.first - before.last > 1
      else { continue }
      let names = (before.index + 1..<next.index).lazy.map {
        SegmentName(index: $0, kind: .flagged, isOpen: false).description
      }
      guard let name = names.first, !told.contains(name) else { continue }
      let count = next.index - before.index - 1
      let which = count == 1 ? "\(name) is" : "\(name) and \(count - 1) more are"
      missing.append(
        MissingNumbers(
          segment: next.place,
          description: "numbers \(before.last + 1) to \(next.first - 1) are in no segment: "
            + "\(which) not there", nextNumber: next.first))
    }
    return missing
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
      // The records before the first good one had the numbers before its own.
      return Known(index: name.index, first: low -| UInt64(first), last: high)
    }
  }
}
