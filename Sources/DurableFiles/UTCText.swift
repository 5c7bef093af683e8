internal import CLinux
internal import Glibc

/// A time in UTC in the form of ISO 8601: `2026-11-23T20:00:00Z`, or with milliseconds.
///
/// - Parameter timeNs: nanoseconds since the Unix epoch.
public func utcText(_ timeNs: UInt64, milliseconds: Bool = false) -> String {
  var seconds = time_t(timeNs / 1_000_000_000)
  var parts = tm()
  gmtime_r(&seconds, &parts)
  var buffer = [CChar](repeating: 0, count: 32)
  let count = strftime(&buffer, buffer.count, "%Y-%m-%dT%H:%M:%S", &parts)
  let text = String(decoding: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
  guard milliseconds else { return text + "Z" }
  let fraction = "\(1_000 + timeNs / 1_000_000 % 1_000)".dropFirst()
  return "\(text).\(fraction)Z"
}

/// The time that a text such as `2026-11-23T20:00:00Z` gives, in nanoseconds since the Unix epoch.
/// Nil for any other text, and for times before the epoch or after 2554-07-21, which 64 bits cannot
/// hold.
package func nanoseconds(utc text: String) -> UInt64? {
  guard let seconds = UInt64(exactly: tamis_utc_seconds(text, "%Y-%m-%dT%H:%M:%SZ")) else {
    return nil
  }
  let (timeNs, overflows) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
  // strptime takes other texts too, such as months of one digit and the 30th of February.
  return !overflows && utcText(timeNs) == text ? timeNs : nil
}
