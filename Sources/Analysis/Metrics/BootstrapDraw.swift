internal import ReproducibleMath

/// Draws with replacement: which events a bootstrap repeat has, as a function of seed, sample and
/// repeat alone. All scores of a study see the same draws, so that their differences are paired.
///
/// Stream 0x616E0000 + sample (0 the background, 1 ... the signals); a repeat of n events takes
/// ceil(n / 4) blocks, each word w of a block an event floor(w n / 2^32). For a million events no
/// event's chance is off by more than 0.03 %.
struct BootstrapDraw: Sendable {
  let seed: UInt64

  /// Counts how often each of `drawn.count` events is drawn in `repetition`.
  func count(into drawn: inout [UInt16], sample: Int, repetition: Int) {
    let stream = RandomStream(seed: seed, stream: 0x616E_0000 + UInt64(sample))
    let count = drawn.count
    let blockCount = (count + 3) / 4
    for event in drawn.indices { drawn[event] = 0 }
    for block in 0..<blockCount {
      let words = stream.words(at: UInt64(repetition) * UInt64(blockCount) + UInt64(block))
      for lane in 0..<min(4, count - 4 * block) {
        drawn[Int((UInt64(words[lane]) * UInt64(count)) >> 32)] &+= 1
      }
    }
  }
}
