internal import BoundedNumbers
internal import Glibc

/// Rates over their targets, on one logarithmic axis of characters that holds 0.8 to 1.25 at
/// least and 0.1 to 10 at most.
struct RateAxis {
  private let low: Double
  private let high: Double
  private let width: Int

  /// An axis that holds `ratios`, as far as they are above 0.
  init(_ ratios: [Double], width: Int) {
    let positive = ratios.filter { $0 > 0 }
    low = log10(max(0.1, min(0.8, positive.min() ?? 1)))
    high = log10(min(10, max(1.25, positive.max() ?? 1)))
    self.width = width
  }

  /// `..[==o==].|....`: the interval, the ratio within it, and the target at 1.
  func drawing(ratio: Double?, interval: ClosedRange<Double>?) -> String {
    var cells = [Character](repeating: ".", count: width)
    if let interval {
      let (from, to) = (place(interval.lowerBound), place(interval.upperBound))
      for cell in from...to { cells[cell] = "=" }
      cells[from] = "["
      cells[to] = "]"
    }
    let target = place(1)
    cells[target] = "|"
    if let ratio { cells[place(ratio)] = place(ratio) == target ? "#" : "o" }
    return String(cells)
  }

  private func place(_ ratio: Double) -> Int {
    guard ratio > 0 else { return 0 }
    let part = (log10(ratio) - low) / (high - low)
    return min(width - 1, max(0, Int(nearest: part * Double(width - 1))))
  }
}
