internal import BoundedNumbers
internal import Glibc

/// `12 s`, `3 min` or `2.5 h`, for sentences.
func durationText(_ seconds: Double) -> String {
  if seconds < 120 { return "\(Int(nearest: seconds)) s" }
  if seconds < 7_200 { return "\(Int(nearest: seconds / 60)) min" }
  return "\(shortText(seconds / 3_600)) h"
}

/// `1 record`, `12,000 records`.
func countText(_ count: UInt64, _ what: String) -> String {
  "\(grouped(count)) \(what)\(count == 1 ? "" : "s")"
}

/// `1,000`.
func grouped(_ count: UInt64) -> String {
  count < 1_000 ? "\(count)" : "\(grouped(count / 1_000)),\("\(1_000 + count % 1_000)".dropFirst())"
}

/// `1.5 %`.
func percentText(_ ratio: Double) -> String { "\(shortText(ratio * 100)) %" }

/// `512 kB`, `1.5 GB`.
func byteText(_ bytes: UInt64) -> String {
  var value = Double(bytes)
  for unit in ["B", "kB", "MB", "GB"] {
    // Three digits of more would be 1e+03.
    if value < 999.5 { return "\(shortText(value)) \(unit)" }
    value /= 1_000
  }
  return "\(shortText(value)) TB"
}

/// Three significant digits.
func shortText(_ value: Double) -> String {
  withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { buffer in
    let count = withVaList([value + 0]) { vsnprintf(buffer.baseAddress, buffer.count, "%.3g", $0) }
    return String(decoding: buffer[..<Int(count)].map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
