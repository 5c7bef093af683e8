/// The exact central interval of a number of events, where each was kept with probability
/// 1/`prescale`, independently, and `found` were kept. `confidence` is in (0, 1), `found` >= 0 and
/// `prescale` >= 1.
///
/// Both ends invert the binomial law, as C. Clopper and E. Pearson (Biometrika 26, 1934) do for a
/// probability: the interval holds the number in at least that share of repeats. Ends saturate at
/// 2^50.
package func sampledCountInterval(
  found: Int, prescale: UInt32, confidence: Double
) -> ClosedRange<Int> {
  precondition(found >= 0 && prescale >= 1 && confidence > 0 && confidence < 1)
  guard prescale > 1, found < TriggerCalibration.eventCountMax else { return found...found }
  let share = 1 / Double(prescale)
  let outside = (1 - confidence) / 2
  // P(at least `found` of M are kept) grows with M; P(at most `found`) falls.
  let lower =
    found == 0
    ? 0
    : firstCount(from: found) { count in
      BetaLaw(rank: found, of: count).tails(at: share).lower >= outside
    }
  let above = firstCount(from: found + 1) { count in
    BetaLaw(rank: found + 1, of: count).tails(at: share).upper < outside
  }
  return min(lower, above - 1)...(above - 1)
}

/// The lowest count at or above `start` that `holds`, which holds for all higher ones.
private func firstCount(from start: Int, _ holds: (Int) -> Bool) -> Int {
  let most = TriggerCalibration.eventCountMax
  var (low, step) = (start, 1)
  while low < most, !holds(low) {
    let next = min(low + step, most)
    if next == most || holds(next) {
      var (bad, good) = (low, next)
      while good - bad > 1 {
        let middle = bad + (good - bad) / 2
        if holds(middle) { good = middle } else { bad = middle }
      }
      return good
    }
    low = next
    step *= 2
  }
  return low
}
