import ReproducibleMath

/// `count` uniform numbers in (0, 1); others for each `repeatIndex`.
func uniformScores(count: Int, repeatIndex: Int, seed: UInt64) -> [Float] {
  let random = RandomStream(seed: seed, stream: UInt64(repeatIndex))
  return (0..<count).map { Float(random.uniform(at: UInt64($0))) }
}

/// What `add` is called with.
func withScores<Result>(
  _ scores: [Float], _ body: (UnsafeBufferPointer<Float>) throws -> Result
) rethrows -> Result {
  try scores.withUnsafeBufferPointer(body)
}
