internal import Glibc

/// Rates of several working points on one logarithmic axis of characters.
struct RateAxis {
  private let low: Double
  private let high: Double
  private let width: Int

  /// An axis that holds all of `rates` that are above 0; at least half a decade long.
  init(_ rates: [Double], width: Int) {
    let logs = rates.filter { $0 > 0 }.map { log10($0) }
    let (first, last) = (logs.min() ?? -3, logs.max() ?? -3)
    let margin = max(0.05, (0.5 - (last - first)) / 2)
    low = first - margin
    high = last + margin
    self.width = width
  }

  /// `---[==o==]--|---`: the interval, the rate within it, and the target as a bar.
  func drawing(rate: Double?, interval: ClosedRange<Double>?, target: Double) -> String {
    var cells = [Character](repeating: ".", count: width)
    if let interval {
      let (from, to) = (place(interval.lowerBound), place(interval.upperBound))
      for cell in from...to { cells[cell] = "=" }
      cells[from] = "["
      cells[to] = "]"
    }
    if let rate { cells[place(rate)] = "o" }
    let bar = place(target)
    cells[bar] = cells[bar] == "o" ? "#" : "|"
    return String(cells)
  }

  private func place(_ rate: Double) -> Int {
    guard rate > 0 else { return 0 }
    let part = (log10(rate) - low) / (high - low)
    return min(width - 1, max(0, Int((part * Double(width)).rounded(.down))))
  }
}
