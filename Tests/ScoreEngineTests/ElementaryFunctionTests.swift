import CScoreKernels
import Glibc
import ScoreEngine
import Testing

/// SiLU and log1p of the kernels, one value after another.
@Suite struct ElementaryFunctionTests {
  private func kernels(_ set: InstructionSet) -> OpaquePointer {
    switch set {
    case .scalar: tamis_score_kernels_for(TAMIS_ISA_SCALAR)
    case .avx2: tamis_score_kernels_for(TAMIS_ISA_AVX2)
    case .avx512: tamis_score_kernels_for(TAMIS_ISA_AVX512)
    case .neon: tamis_score_kernels_for(TAMIS_ISA_NEON)
    }
  }

  private func silu(_ set: InstructionSet, _ values: [Float]) -> [Float] {
    var result = values
    var block = [Float](repeating: 0, count: 192)
    for start in stride(from: 0, to: values.count, by: 192) {
      let count = min(192, values.count - start)
      block.replaceSubrange(0..<count, with: values[start..<start + count])
      var activated = block
      tamis_score_activate(kernels(set), block, 12, 16, &activated)
      result.replaceSubrange(start..<start + count, with: activated[0..<count])
    }
    return result
  }

  private func log1p(_ set: InstructionSet, _ values: [Float]) -> [Float] {
    let count = values.count
    precondition(count % 16 == 0)
    var inputs = [Float](repeating: 0, count: count * 12)
    let zeros = [Float](repeating: 0, count: count)
    let ones = [Float](repeating: 1, count: count)
    let mask = [UInt32](repeating: .max, count: count)
    zeros.withUnsafeBufferPointer { zeros in
      ones.withUnsafeBufferPointer { ones in
        mask.withUnsafeBufferPointer { mask in
          guard let mean = zeros.baseAddress, let scale = ones.baseAddress,
            let mask = mask.baseAddress
          else { return }
          var standardiser = tamis_standardiser(
            feature_count: count, mean: mean, scale: scale, logarithm_mask: mask,
            has_logarithms: true, clip: .infinity)
          _ = tamis_score_standardise(kernels(set), &standardiser, values, &inputs)
        }
      }
    }
    return (0..<count).map { inputs[$0 / 16 * 192 + $0 % 16] }
  }

  /// Every 4,099th float, all exponents and signs among them, and the special ones.
  private var sample: [Float] {
    stride(from: UInt64(0), to: 1 << 32, by: 4_099).map { Float(bitPattern: UInt32($0)) }
      + [0, -0.0, .infinity, -.infinity, 87, -87, -87.00001, .greatestFiniteMagnitude]
  }

  private func sameBits(_ a: [Float], _ b: [Float]) -> Bool {
    zip(a, b).allSatisfy { $0.bitPattern == $1.bitPattern || ($0.isNaN && $1.isNaN) }
  }

  private func errorInUlp(_ found: Float, _ expected: Double) -> Double {
    abs(Double(found) - expected) / Double(max(Float(abs(expected)), .leastNormalMagnitude).ulp)
  }

  @Test(arguments: vectorSets)
  func siluGivesTheScalarBits(set: InstructionSet) {
    #expect(sameBits(silu(set, sample), silu(.scalar, sample)))
  }

  @Test func siluIsPreciseAndSaneEverywhere() {
    var worst = 0.0
    for (x, value) in zip(sample, silu(.scalar, sample)) {
      if x.isNaN {
        #expect(value.isNaN)
      } else if x < -87 {
        #expect(value < 0 && value > -2e-36, "\(x)")
      } else if x > 87 {
        #expect(value == x)
      } else {
        worst = max(worst, errorInUlp(value, Double(x) / (1 + exp(-Double(x)))))
      }
    }
    #expect(worst < 2.5)
  }

  @Test(arguments: vectorSets)
  func log1pGivesTheScalarBits(set: InstructionSet) {
    let values = Array(sample.filter { $0.isFinite }.dropLast(sample.count % 16))
    let whole = Array(values.prefix(values.count / 16 * 16))
    #expect(sameBits(log1p(set, whole), log1p(.scalar, whole)))
  }

  @Test func log1pIsPreciseEverywhere() {
    let values = sample.filter { $0.isFinite }
    let whole = Array(values.prefix(values.count / 16 * 16))
    var worst = 0.0
    for (x, value) in zip(whole, log1p(.scalar, whole)) {
      worst = max(worst, errorInUlp(value, Glibc.log1p(Double(max(x, 0)))))
    }
    #expect(worst < 2)
  }

  @Test func finiteValuesAreToldFromOthers() {
    var generator = TestGenerator(seed: 2)
    for count in 0...70 {
      let values = generator.floats(count, within: .greatestFiniteMagnitude / 2)
      #expect(tamis_all_finite(values, count))
      for index in 0..<count {
        for bad: Float in [.nan, .infinity, -.infinity] {
          var mixed = values
          mixed[index] = bad
          #expect(!tamis_all_finite(mixed, count))
        }
      }
    }
    #expect(tamis_all_finite([.greatestFiniteMagnitude, .leastNonzeroMagnitude, -0.0], 3))
  }
}
