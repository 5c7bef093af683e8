/// Numbers that the page on what the numbers do not mean needs.
enum Meaning {
  /// P(X > 5) of a standard normal: what particle physics asks of a discovery.
  static let fiveSigma = 2.866515718791939e-07
}
