package import DurableFiles
package import StrictJSON

extension DecisionChange {
  /// Reads a line of `decisions.jsonl`.
  package init(_ line: JSONPlace) throws(FileFault) {
    let place: Place
    if let before = try line.optionalMember("before") {
      place = .before(try EventIdentity(before))
    } else {
      place = .after(
        try line.member("after").unlessNull { (event) throws(FileFault) in
          try EventIdentity(event)
        })
    }
    self.init(
      place: place, number: try line.member("number").integer(in: 0...UInt64.max),
      model: try line.member("model_sha256").string(),
      calibration: try line.member("calibration_sha256").string(),
      floodPrescale: try line.member("flood_prescale").integer(in: 1...UInt32.max),
      unbiasedPrescale: try line.member("unbiased_prescale").integer(in: 0...UInt32.max),
      factors: try line.optionalMember("factors").map { (factors) throws(FileFault) in
        try factors.map { (factor) throws(FileFault) in try Self.factor(factor) }
      } ?? [],
      timeNs: try line.member("time_ns").integer(in: 0...UInt64.max))
    prescaleTable = try line.optionalMember(PrescaleTable.identityKey)?.string()
    prescaleRow = try line.optionalMember("prescale_row")?.integer(in: 0...Int.max)
    setsSimulatedApart = try line.optionalMember("simulated_apart")?.bool() ?? false
  }

  private static func factor(_ place: JSONPlace) throws(FileFault) -> Float {
    let factor: Float = try place.real()
    guard factor > 0 else { throw place.fault(expected: "a number above 0") }
    return factor
  }

  /// The last line of a change in a file's end that is whole; nil where there is none.
  init?(lastOf end: [UInt8]) {
    // The first line of the end may have lost its beginning.
    let places = JSONLines(end, name: DecisionLog.name).places
    guard let change = places.reversed().lazy.compactMap({ try? DecisionChange($0) }).first else {
      return nil
    }
    self = change
  }
}

extension EventIdentity {
  fileprivate init(_ place: JSONPlace) throws(FileFault) {
    self.init(
      run: try place.member("run").integer(in: 0...UInt32.max),
      source: try place.member("source").integer(in: 0...UInt32.max),
      sequence: try place.member("sequence").integer(in: 0...UInt64.max),
      event: try place.member("event").integer(in: 0...UInt64.max))
  }
}
