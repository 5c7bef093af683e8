/// Eigenvalues and eigenvectors of a real symmetric matrix by the cyclic method of C. Jacobi:
/// rotations that each make one off-diagonal element vanish, sweep after sweep. It is slower than
/// tridiagonal methods and as accurate as the matrix allows, for small eigenvalues too.
struct SymmetricEigen: Sendable {
  /// Descending.
  let values: [Double]
  /// Row i is the eigenvector of value i, of unit length; its element of the largest magnitude is
  /// positive, so that the sign is no matter of chance.
  let vectors: [Double]

  private static let sweepMax = 64

  /// Solves for a row-major `matrix` of `size` rows. O(size^3) a sweep, some ten sweeps.
  init(_ matrix: [Double], size: Int) {
    precondition(matrix.count == size * size)
    var a = matrix
    var v = [Double](repeating: 0, count: size * size)
    for i in 0..<size { v[i * size + i] = 1 }
    a.withUnsafeMutableBufferPointer { a in
      v.withUnsafeMutableBufferPointer { v in
        for _ in 0..<Self.sweepMax where !Self.sweep(a, v, size) { break }
      }
    }
    let order = (0..<size).sorted { a[$0 * size + $0] > a[$1 * size + $1] }
    values = order.map { a[$0 * size + $0] }
    vectors = order.flatMap { Self.oriented(v[$0 * size..<($0 + 1) * size]) }
  }

  /// Rotates once about each pair of axes; false where nothing was left to rotate. The rows of `v`
  /// are turned along.
  private static func sweep(
    _ a: UnsafeMutableBufferPointer<Double>, _ v: UnsafeMutableBufferPointer<Double>, _ size: Int
  ) -> Bool {
    var hasRotated = false
    for p in 0..<size {
      for q in p + 1..<max(size, p + 1) {
        let offDiagonal = a[p * size + q]
        let scale = (a[p * size + p].magnitude * a[q * size + q].magnitude).squareRoot()
        if offDiagonal.magnitude <= 0x1p-54 * scale || offDiagonal.magnitude < 1e-300 { continue }
        hasRotated = true
        rotate(a, v, size, p, q)
      }
    }
    return hasRotated
  }

  private static func rotate(
    _ a: UnsafeMutableBufferPointer<Double>, _ v: UnsafeMutableBufferPointer<Double>, _ size: Int,
    _ p: Int, _ q: Int
  ) {
    // tan of the angle, the smaller of two, from cot(2 angle).
    let cotangent = (a[q * size + q] - a[p * size + p]) / (2 * a[p * size + q])
    let root = (1 + cotangent * cotangent).squareRoot()
    let t = (cotangent < 0 ? -1 : 1) / (cotangent.magnitude + root)
    let c = 1 / (1 + t * t).squareRoot()
    let s = t * c
    let shift = t * a[p * size + q]
    let (pp, qq) = (a[p * size + p] - shift, a[q * size + q] + shift)
    for k in 0..<size {
      let (x, y) = (a[p * size + k], a[q * size + k])
      a[p * size + k] = c * x - s * y
      a[q * size + k] = s * x + c * y
      let (g, h) = (v[p * size + k], v[q * size + k])
      v[p * size + k] = c * g - s * h
      v[q * size + k] = s * g + c * h
    }
    for k in 0..<size {
      a[k * size + p] = a[p * size + k]
      a[k * size + q] = a[q * size + k]
    }
    a[p * size + p] = pp
    a[q * size + q] = qq
    a[p * size + q] = 0
    a[q * size + p] = 0
  }

  private static func oriented(_ vector: ArraySlice<Double>) -> [Double] {
    let largest = vector.max { $0.magnitude < $1.magnitude } ?? 0
    return largest < 0 ? vector.map { -$0 } : Array(vector)
  }
}
