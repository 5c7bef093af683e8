package import CScoreKernels
package import ScoreEngine

/// The table of inner loops for an instruction set; a constant of the program.
///
/// `@unchecked`: the table is never written.
package struct TrainingKernels: @unchecked Sendable {
  package let table: UnsafePointer<tamis_training_kernels>

  package init(_ instructionSet: InstructionSet) {
    table = tamis_training_kernels_for(instructionSet.isa)
  }
}
