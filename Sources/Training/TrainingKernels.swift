package import CScoreKernels
package import ScoreEngine

/// The table of inner loops for an instruction set; a constant of the program.
///
/// `@unchecked`: the table is never written.
package struct TrainingKernels: @unchecked Sendable {
  package let table: UnsafePointer<tamis_training_kernels>

  package init(_ instructionSet: InstructionSet) {
    let isa =
      switch instructionSet {
      case .scalar: TAMIS_ISA_SCALAR
      case .avx2: TAMIS_ISA_AVX2
      case .avx512: TAMIS_ISA_AVX512
      case .neon: TAMIS_ISA_NEON
      }
    table = tamis_training_kernels_for(isa)
  }
}
