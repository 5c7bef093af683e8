package import EventRecords

/// The bytes of an integer as records have them.
package func littleEndian<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
  withUnsafeBytes(of: value.littleEndian) { Array($0) }
}

/// The features of event `event`: no two events and no two features are alike.
package func features(_ event: UInt64, _ featureCount: Int) -> [Float] {
  (0..<featureCount).map { Float(event) + Float($0) / 64 }
}

/// One event record's bytes; `features` nil gives those of `features(event, D)`.
package func eventBytes(_ header: EventHeader, features given: [Float]? = nil) -> [UInt8] {
  var bytes = [UInt8](
    repeating: 0xEE, count: EventRecord.byteCount(featureCount: header.featureCount))
  let values = given ?? features(header.event, header.featureCount)
  bytes.withUnsafeMutableBytes { destination in
    values.withUnsafeBufferPointer {
      guard let base = destination.baseAddress else { return }
      EventRecord.encode(header, features: header.kind == .event ? $0 : nil, into: base)
    }
  }
  return bytes
}

/// `count` events of source 1 in run `run`, sequences and event numbers from `first` on.
package func someEvents(_ count: Int, featureCount: Int = 4, run: UInt32 = 7, first: UInt64 = 1)
  -> [UInt8]
{
  (0..<UInt64(count)).flatMap { index in
    eventBytes(
      EventHeader(
        source: 1, run: run, featureCount: featureCount, sequence: first + index,
        event: first + index, timeNs: 1_000 + first + index))
  }
}

/// One flagged record's bytes, of an event of the same number.
package func flaggedBytes(
  number: UInt64, featureCount: Int = 4, reasons: FlagReasons = .aboveThreshold
) -> [UInt8] {
  let event = eventBytes(
    EventHeader(
      source: 1, run: 7, featureCount: featureCount, sequence: 10 &* number, event: number,
      timeNs: 5_000 &+ number))
  let header = FlaggedHeader(
    reasons: reasons, workingPoints: 1, score: 3, threshold: 2, number: number, receivedNs: 10,
    decidedNs: 20, weight: 1, model: 0xAABB_CCDD, calibration: 2, instance: 3)
  var bytes = [UInt8](repeating: 0xEE, count: FlaggedRecord.byteCount(featureCount: featureCount))
  let attributions = features(number &+ 100, featureCount)
  bytes.withUnsafeMutableBytes { destination in
    event.withUnsafeBytes { event in
      attributions.withUnsafeBufferPointer {
        guard let base = destination.baseAddress, let source = event.baseAddress else { return }
        FlaggedRecord.encode(
          header, attributions: $0, eventRecord: EventRecordView(source), into: base)
      }
    }
  }
  return bytes
}

extension Array where Element == UInt8 {
  /// Looks at the event record that begins at `offset`.
  package func withEvent<Result>(at offset: Int = 0, _ body: (EventRecordView) throws -> Result)
    throws
    -> Result
  {
    try withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { preconditionFailure("no bytes") }
      return try body(EventRecordView(base + offset))
    }
  }
}
