/// The number in [0, 2^64) that decides an event's prescales, made from its identity alone.
///
/// It does not depend on the features: a prescaled sample is unbiased. It does not depend on a
/// counter: every daemon, a restarted daemon and an offline command choose the same events. All
/// prescales of an event look at the same number: an event that passes a prescale of 100 also
/// passes every smaller one. An event that several routes could keep is kept with a probability of
/// exactly one over their smallest prescale.
package struct PrescaleHash: Equatable, Sendable {
  /// Uniform over events.
  package let value: UInt64

  /// Hashes the four numbers that identify an event.
  package init(run: UInt32, source: UInt32, sequence: UInt64, event: UInt64) {
    var state = absorbed(UInt64(run) << 32 | UInt64(source), into: 0)
    state = absorbed(sequence, into: state)
    value = absorbed(event, into: state)
  }

  /// Whether this event is among the one in `prescale` that pass; 0 lets none pass.
  package func passes(prescale: UInt32) -> Bool {
    prescale > 0 && value.multipliedFullWidth(by: UInt64(prescale)).high == 0
  }
}

private func absorbed(_ word: UInt64, into state: UInt64) -> UInt64 {
  mixed(state &+ 0x9E37_79B9_7F4A_7C15 &+ word)
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood 2014).
private func mixed(_ word: UInt64) -> UInt64 {
  var z = word
  z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
  z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
  return z ^ (z >> 31)
}
