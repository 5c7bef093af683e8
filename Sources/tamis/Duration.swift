internal import BoundedNumbers

/// `seconds` as `12 s`, `3 min 05 s` or `1 h 02 min`.
func duration(_ seconds: Double) -> String {
  let whole = max(0, Int(nearest: seconds))
  func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
  if whole < 60 { return "\(whole) s" }
  if whole < 3600 { return "\(whole / 60) min \(two(whole % 60)) s" }
  return "\(whole / 3600) h \(two(whole / 60 % 60)) min"
}
