/// The topic of flagged records while somebody takes one working point alone: `flagged/` and a
/// character for each of 16 working points, in the order of their bits, `1` where the record has
/// the bit and `0` elsewhere.
///
/// A topic is one text, and a subscription the beginning of one. A record has one topic whatever
/// the number of its working points, so a subscriber to `flagged` gets it once. A receiver of
/// working point i alone subscribes to the 2^i beginnings that have a `1` at place i.
package struct PointTopic {
  /// The beginning of every topic of flagged records.
  package static let flagged = Array("flagged".utf8)
  static let separator = UInt8(ascii: "/")
  /// As many as the record has bits.
  package static let pointCount = 16
  static let byteCount = flagged.count + 1 + pointCount

  /// The text; it is written over by the next `set`.
  package private(set) var bytes: [UInt8]

  /// That of a record without working points.
  package init() {
    bytes =
      Self.flagged + [Self.separator] + Array(repeating: UInt8(ascii: "0"), count: Self.pointCount)
  }

  /// The topic of a record with these working points. Allocates nothing.
  package mutating func set(_ workingPoints: UInt16) {
    let first = Self.flagged.count + 1
    for point in 0..<Self.pointCount {
      bytes[first + point] = UInt8(ascii: "0") + UInt8(workingPoints >> UInt16(point) & 1)
    }
  }

  /// Whether `prefix` is a subscription to some working points: longer than `flagged`, and the
  /// beginning of one of these topics.
  package static func isBeginning(_ prefix: [UInt8]) -> Bool {
    guard prefix.count > flagged.count, prefix.count <= byteCount else { return false }
    return prefix.starts(with: flagged) && prefix[flagged.count] == separator
      && prefix[(flagged.count + 1)...].allSatisfy {
        $0 == UInt8(ascii: "0") || $0 == UInt8(ascii: "1")
      }
  }
}
