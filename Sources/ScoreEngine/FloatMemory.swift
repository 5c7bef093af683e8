internal import CScoreKernels

/// A fixed block of floats on a 64-byte boundary, zero at first, handed out piece by piece while a
/// network or a plan is set up. It never grows.
final class FloatMemory {
  private let base: UnsafeMutablePointer<Float>
  private let capacity: Int
  private var used = 0

  /// The floats that a piece of `count` takes, since pieces begin on 64-byte boundaries.
  static func padded(_ count: Int) -> Int { count.rounded(upToMultipleOf: 16) }

  /// Room for pieces of these lengths.
  init(pieces: [Int]) {
    capacity = pieces.reduce(0) { $0 + FloatMemory.padded($1) }
    let byteCount = capacity * MemoryLayout<Float>.stride
    guard let memory = tamis_aligned_allocate(byteCount) else {
      fatalError("no memory for \(byteCount) bytes of weights or activations")
    }
    base = memory.bindMemory(to: Float.self, capacity: capacity)
  }

  deinit { tamis_aligned_free(base) }

  /// The next `count` floats; they live as long as this object.
  func take(_ count: Int) -> UnsafeMutablePointer<Float> {
    let piece = base + used
    used += FloatMemory.padded(count)
    precondition(used <= capacity, "a piece that was not planned")
    return piece
  }
}

extension Int {
  /// The least multiple of `step` that is not below this number.
  func rounded(upToMultipleOf step: Int) -> Int { (self + step - 1) / step * step }
}
