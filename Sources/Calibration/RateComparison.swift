internal import ReproducibleMath

/// The exact law of how many of n new events exceed a threshold that is the j-th largest of N old
/// ones, where old and new come from one continuous law: it needs no limit theorem, and includes
/// the uncertainty of the threshold.
///
/// At least s new events exceed the threshold exactly where the s + j - 1 largest of all N + n hold
/// at most j - 1 old ones. Which of them are old is a draw without replacement. The probability is
/// a hypergeometric tail.
package struct ExceedanceLaw: Equatable, Sendable {
  /// N.
  package let oldCount: Int
  /// j, from 1 to N.
  package let rankFromTop: Int
  /// n.
  package let newCount: Int

  package init(oldCount: Int, rankFromTop: Int, newCount: Int) {
    precondition(newCount >= 0 && rankFromTop >= 1 && rankFromTop <= oldCount)
    self.oldCount = oldCount
    self.rankFromTop = rankFromTop
    self.newCount = newCount
  }

  /// P(at least `count` new events exceed the threshold).
  package func atLeast(_ count: Int) -> Double {
    count <= 0 ? 1 : tails(count).few
  }

  /// P(at most `count` new events exceed the threshold).
  package func atMost(_ count: Int) -> Double {
    count >= newCount ? 1 : tails(count + 1).many
  }

  /// The probability of a count at least as extreme as `count` where nothing has changed: twice the
  /// smaller tail, at most 1.
  package func pValue(_ count: Int) -> Double {
    min(1, 2 * min(atLeast(count), atMost(count)))
  }

  /// P(few: at most j - 1, many: more of the `count` + j - 1 largest are old).
  private func tails(_ count: Int) -> (few: Double, many: Double) {
    let drawn = count + rankFromTop - 1
    guard drawn <= oldCount + newCount, count <= newCount else { return (0, 1) }
    let most = rankFromTop - 1
    let mean = Double(drawn) * Double(oldCount) / Double(oldCount + newCount)
    // Each term from its neighbour, away from the bulk, until no bit changes.
    if Double(most) < mean {
      var term = probability(of: most, drawn: drawn)
      var (sum, old) = (term, most)
      while old > 0, drawn - old < newCount {
        term *=
          Double(old) * Double(newCount - drawn + old)
          / (Double(oldCount - old + 1) * Double(drawn - old + 1))
        old -= 1
        if sum + term == sum { break }
        sum += term
      }
      return (min(sum, 1), max(0, 1 - sum))
    }
    var old = most + 1
    guard old <= min(drawn, oldCount) else { return (1, 0) }
    var term = probability(of: old, drawn: drawn)
    var sum = term
    while old < min(drawn, oldCount) {
      term *=
        Double(oldCount - old) * Double(drawn - old)
        / (Double(old + 1) * Double(newCount - drawn + old + 1))
      old += 1
      if sum + term == sum { break }
      sum += term
    }
    return (max(0, 1 - sum), min(sum, 1))
  }

  private func probability(of old: Int, drawn: Int) -> Double {
    if drawn - old > newCount { return 0 }
    return portableExp(
      logBinomial(oldCount, old) + logBinomial(newCount, drawn - old)
        - logBinomial(oldCount + newCount, drawn))
  }
}

private func logBinomial(_ count: Int, _ chosen: Int) -> Double {
  logGamma(Double(count + 1)) - logGamma(Double(chosen + 1)) - logGamma(Double(count - chosen + 1))
}

/// The probability that two samples of one law have at least this distance: the limit law of A.
/// Kolmogorov (1933) for the largest distance of two distribution functions, from its first terms.
package func kolmogorovPValue(distance: Double, _ first: Int, _ second: Int) -> Double {
  let (n, m) = (Double(first), Double(second))
  let lambda = distance * (n * m / (n + m)).squareRoot()
  // Below 0.3 the law is 1 to nine digits and its series slow.
  if lambda < 0.3 { return 1 }
  var sum = 0.0
  for k in 1...20 {
    let term = portableExp(-2 * Double(k * k) * lambda * lambda)
    sum += k % 2 == 1 ? term : -term
  }
  return min(1, max(0, 2 * sum))
}
