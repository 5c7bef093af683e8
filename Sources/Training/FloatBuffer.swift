internal import CScoreKernels

/// A fixed block of floats on a 64-byte boundary, zero at first.
///
/// Threads share buffers under the rule of the phases: within a phase no two threads write the
/// same float, and none reads what another one writes.
///
/// `@unchecked` by that rule; a barrier lies between phases.
final class FloatBuffer: @unchecked Sendable {
  let base: UnsafeMutablePointer<Float>
  let count: Int

  init(count: Int) throws(TrainingError) {
    let byteCount = count * MemoryLayout<Float>.stride
    guard let memory = tamis_aligned_allocate(byteCount) else {
      throw TrainingError.noMemory(byteCount: byteCount)
    }
    base = memory.bindMemory(to: Float.self, capacity: count)
    self.count = count
  }

  deinit { tamis_aligned_free(base) }
}
