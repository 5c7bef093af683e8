internal import ReproducibleMath

/// The exact law of how many of n new events exceed a threshold that is the j-th largest of N old
/// ones, where old and new come from one continuous law: it needs no limit theorem, and includes
/// the uncertainty of the threshold.
///
/// At least s new events exceed the threshold exactly where at least s of the s + j - 1 largest of
/// all N + n are new. Which of them are new is a draw without replacement. The probability is a
/// hypergeometric tail (S. Wilks, Ann. Math. Stat. 13, 1942).
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
    if count <= 0 { return 1 }
    if count > newCount { return 0 }
    let law = law(drawn: rankFromTop + count - 1)
    return Double(count) >= law.mean
      ? portableExp(law.logUpperTail(count)) : 1 - portableExp(law.logLowerTail(count - 1))
  }

  /// P(at most `count` new events exceed the threshold).
  package func atMost(_ count: Int) -> Double {
    if count >= newCount { return 1 }
    let law = law(drawn: rankFromTop + count)
    return Double(count) <= law.mean
      ? portableExp(law.logLowerTail(count)) : 1 - portableExp(law.logUpperTail(count + 1))
  }

  /// log P(at least `count`) where that is a small number, else 0.
  package func logAtLeast(_ count: Int) -> Double {
    count <= 0 ? 0 : law(drawn: rankFromTop + count - 1).logUpperTail(count)
  }

  /// log P(at most `count`) where that is a small number, else 0.
  package func logAtMost(_ count: Int) -> Double {
    law(drawn: rankFromTop + count).logLowerTail(count)
  }

  /// The probability of a count at least as extreme as `count` where nothing has changed: twice the
  /// smaller tail, at most 1.
  package func pValue(_ count: Int) -> Double {
    min(1, 2 * min(atLeast(count), atMost(count)))
  }

  /// How many of the `drawn` largest of all events are new.
  private func law(drawn: Int) -> HypergeometricLaw {
    HypergeometricLaw(total: oldCount + newCount, marked: newCount, draws: drawn)
  }
}
