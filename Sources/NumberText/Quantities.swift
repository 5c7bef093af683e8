internal import BoundedNumbers

/// `12 s`, `3 min` or `2.5 h`, for sentences.
package func durationText(_ seconds: Double) -> String {
  if seconds < 120 { return "\(Int(nearest: seconds)) s" }
  if seconds < 7_200 { return "\(Int(nearest: seconds / 60)) min" }
  return "\(plain(seconds / 3_600)) h"
}

/// `12 s`, `3 min 05 s` or `1 h 02 min`, for what is counted down.
package func exactDurationText(_ seconds: Double) -> String {
  let whole = max(0, Int(nearest: seconds))
  func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
  if whole < 60 { return "\(whole) s" }
  if whole < 3600 { return "\(whole / 60) min \(two(whole % 60)) s" }
  return "\(whole / 3600) h \(two(whole / 60 % 60)) min"
}

/// `512 kB`, `1.5 GB`.
package func byteText(_ bytes: Double) -> String {
  var value = bytes
  for unit in ["B", "kB", "MB", "GB"] {
    if value < 999.5 { return "\(plain(value)) \(unit)" }
    value /= 1_000
  }
  return "\(plain(value)) TB"
}
