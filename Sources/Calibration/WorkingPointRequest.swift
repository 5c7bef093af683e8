/// A working point as it is asked for, before its threshold is known.
package struct WorkingPointRequest: Equatable, Sendable {
  /// Of a-z, 0-9, `_` and `-`.
  package var name: String
  /// The false-positive rate to keep.
  package var targetFPR: FalsePositiveRate
  /// The promise about the rate: `expected` or `withConfidence`.
  package var guarantee: RateGuarantee
  /// One in this many firing events is kept.
  package var prescale: UInt32
  /// Which scores fire.
  package var side: ScoreSide

  /// Creates a request; throws where `name` is no name of a working point.
  package init(
    name: String, targetFPR: FalsePositiveRate, guarantee: RateGuarantee = .expected,
    prescale: UInt32 = 1, side: ScoreSide = .high
  ) throws(CalibrationError) {
    precondition(guarantee != .noPromise && prescale >= 1)
    guard WorkingPoint.isName(name) else {
      throw .argument(
        found: "the working point name '\(name)'", expected: WorkingPoint.nameRule)
    }
    self.name = name
    self.targetFPR = targetFPR
    self.guarantee = guarantee
    self.prescale = prescale
    self.side = side
  }

  /// Reads `NAME=FPR`, such as `nominal=1e-3`.
  package init(parsing argument: String, side: ScoreSide = .high) throws(CalibrationError) {
    let (name, value) = try Self.split(argument, form: "NAME=FPR, such as nominal=1e-3")
    guard let rate = FalsePositiveRate(value) else {
      throw .argument(
        found: "the false-positive rate '\(value)' of working point \(name)",
        expected: "a decimal from 1e-15 to below 1 with at most 18 digits, such as 1e-3 or 0.001")
    }
    try self.init(name: name, targetFPR: rate, side: side)
  }

  /// Sets prescales from arguments `NAME=N`, such as `loose=100`: every name one of `requests`,
  /// none twice, N from 1 to 4294967295.
  package static func applyPrescales(
    _ arguments: [String], to requests: inout [WorkingPointRequest]
  ) throws(CalibrationError) {
    var seen: Set<String> = []
    for argument in arguments {
      let (name, value) = try split(argument, form: "NAME=N, such as loose=100")
      guard let index = requests.firstIndex(where: { $0.name == name }) else {
        throw .argument(
          found: "a prescale for '\(name)'",
          expected: "one of the working points \(requests.map(\.name).joined(separator: ", "))")
      }
      guard seen.insert(name).inserted else {
        throw .argument(found: "two prescales for \(name)", expected: "one")
      }
      guard let prescale = UInt32(value), prescale >= 1 else {
        throw .argument(
          found: "the prescale '\(value)' of working point \(name)",
          expected: "a whole number from 1 to \(UInt32.max)")
      }
      requests[index].prescale = prescale
    }
  }

  private static func split(
    _ argument: String, form: String
  ) throws(CalibrationError) -> (name: String, value: String) {
    let parts = argument.split(separator: "=", omittingEmptySubsequences: false)
    guard parts.count == 2 else { throw .argument(found: "'\(argument)'", expected: form) }
    return (String(parts[0]), String(parts[1]))
  }
}
