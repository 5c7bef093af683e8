/// The distance of A. Kolmogorov and N. Smirnov between two samples: the largest difference of
/// their empirical distribution functions. 0 to 1; nil where a sample is empty. O(n + m).
package func kolmogorovSmirnovDistance(_ first: ScoreSample, _ second: ScoreSample) -> Double? {
  guard first.count > 0, second.count > 0 else { return nil }
  var (i, j) = (0, 0)
  var largest = 0.0
  while i < first.count, j < second.count {
    let value = min(first.ascending[i], second.ascending[j])
    while i < first.count, first.ascending[i] == value { i += 1 }
    while j < second.count, second.ascending[j] == value { j += 1 }
    let difference = Double(i) / Double(first.count) - Double(j) / Double(second.count)
    largest = max(largest, abs(difference))
  }
  return largest
}

/// C. Spearman's rank correlation, ties at their mean rank, over the pairs of which neither is NaN;
/// nil where fewer than two are left or one side has no spread.
package func rankCorrelation(_ first: [Double], _ second: [Double]) -> Double? {
  precondition(first.count == second.count)
  let whole = first.indices.filter { !first[$0].isNaN && !second[$0].isNaN }
  guard whole.count > 1 else { return nil }
  let a = midranks(whole.map { first[$0] })
  let b = midranks(whole.map { second[$0] })
  let mean = Double(whole.count + 1) / 2
  var (ab, aa, bb) = (0.0, 0.0, 0.0)
  for (x, y) in zip(a, b) {
    ab += (x - mean) * (y - mean)
    aa += (x - mean) * (x - mean)
    bb += (y - mean) * (y - mean)
  }
  guard aa > 0, bb > 0 else { return nil }
  return ab / (aa * bb).squareRoot()
}

/// Ranks from 1. Equal values share the mean of their ranks.
func midranks(_ values: [Double]) -> [Double] {
  let order = values.indices.sorted { values[$0] < values[$1] }
  var ranks = [Double](repeating: 0, count: values.count)
  var start = 0
  while start < order.count {
    var end = start + 1
    while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
    for place in start..<end { ranks[order[place]] = Double(start + end + 1) / 2 }
    start = end
  }
  return ranks
}
