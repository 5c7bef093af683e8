internal import CLinux
internal import CScoreKernels
package import ScoreEngine

/// The measured peak of one core with the instructions that scoring uses: products a second of
/// loops with all operands in registers.
package struct MachinePeak: Sendable {
  /// The instructions measured.
  package let instructionSet: InstructionSet
  /// Rounds of the float32 loop, and of the int8 loop, that take about a hundredth of a second.
  private let roundCounts: (float32: UInt64, int8: UInt64)

  private static let sliceNs: UInt64 = 10_000_000

  /// Finds how long the loops take.
  package init(_ instructionSet: InstructionSet) {
    self.instructionSet = instructionSet
    func rounds(_ run: (tamis_isa, UInt64) -> UInt64) -> UInt64 {
      var rounds: UInt64 = 1_000
      while true {
        let startNs = tamis_monotonic_ns()
        _ = run(instructionSet.isa, rounds)
        let elapsedNs = max(1, tamis_monotonic_ns() - startNs)
        if elapsedNs >= Self.sliceNs / 2 { return max(1, rounds * Self.sliceNs / elapsedNs) }
        rounds *= 2
      }
    }
    roundCounts = (rounds(tamis_peak_float32), rounds(tamis_peak_int8))
  }

  /// Fused multiply-adds of float32 a second, now. Takes about 10 ms.
  package func float32() -> Double { rate(tamis_peak_float32, roundCounts.float32) }

  /// Products of 8-bit integers a second, now. Takes about 10 ms.
  package func int8() -> Double { rate(tamis_peak_int8, roundCounts.int8) }

  private func rate(_ run: (tamis_isa, UInt64) -> UInt64, _ rounds: UInt64) -> Double {
    let startNs = tamis_monotonic_ns()
    let products = run(instructionSet.isa, rounds)
    return Double(products) / (Double(tamis_monotonic_ns() - startNs) * 1e-9)
  }
}
