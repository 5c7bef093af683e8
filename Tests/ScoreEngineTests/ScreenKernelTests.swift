import CScoreKernels
import Glibc
import ScoreEngine
import Testing

/// The screen's activation, one value after another.
@Suite struct ScreenKernelTests {
  private func kernels(_ set: InstructionSet) -> OpaquePointer {
    switch set {
    case .scalar: tamis_screen_kernels_for(TAMIS_ISA_SCALAR)
    case .avx2: tamis_screen_kernels_for(TAMIS_ISA_AVX2)
    case .avx512: tamis_screen_kernels_for(TAMIS_ISA_AVX512)
    case .neon: tamis_screen_kernels_for(TAMIS_ISA_NEON)
    }
  }

  /// Quantises rows of 16 values, one row at a time; the bytes of the values in order.
  private func quantised(_ set: InstructionSet, _ row: [Float]) -> (bytes: [UInt8], scale: Float) {
    var hidden = [Float](repeating: 0, count: 192)
    hidden.replaceSubrange(0..<16, with: row)
    var bytes = [UInt8](repeating: 0, count: 1_536)
    var scale: Float = 0
    tamis_screen_activate(kernels(set), hidden, 1, 16, &bytes, &scale)
    // Either a byte a column or two, the low one first.
    let width = tamis_screen_inputs_per_step(kernels(set)) == 4 ? 1 : 2
    return (stride(from: 0, to: 16 * width, by: width).map { bytes[$0] }, scale)
  }

  private func rows(within bound: Float, count: Int) -> [[Float]] {
    var generator = TestGenerator(seed: 21)
    return (0..<count).map { _ in generator.floats(16, within: bound) }
  }

  @Test(arguments: [Float(0.01), 0.5, 2, 8, 100, 1e6])
  func activationsAreSiluToHalfAStep(bound: Float) {
    for row in rows(within: bound, count: 2_000) {
      let (bytes, scale) = quantised(.scalar, row)
      for (x, byte) in zip(row, bytes) {
        let silu = Double(x) / (1 + exp(-Double(x)))
        let found = Double(byte) * Double(scale) - Double(TAMIS_SCREEN_OFFSET)
        // Half a step, the quadratics' error, and what is cut beyond 7.7.
        #expect(abs(found - silu) <= 0.501 * Double(scale) + 3.6e-3, "\(x)")
        if abs(x) < 7.7 { #expect(abs(found - silu) <= 0.501 * Double(scale) + 2.2e-4, "\(x)") }
      }
    }
  }

  @Test(arguments: vectorSets)
  func everySetQuantisesAlike(set: InstructionSet) {
    for bound: Float in [1e-30, 0.01, 0.5, 2, 8, 100, 1e18] {
      for row in rows(within: bound, count: 500) + [[Float](repeating: -bound, count: 16)] {
        let (bytes, scale) = quantised(set, row)
        let reference = quantised(.scalar, row)
        #expect(bytes == reference.bytes && scale == reference.scale)
      }
    }
  }
}
