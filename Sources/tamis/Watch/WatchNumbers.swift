internal import Glibc
internal import NumberText
internal import StrictJSON

/// Numbers of the view. ASCII alone, and a dash where there is none.
enum WatchNumbers {
  /// A count with its digits in groups of three. Integers of any length keep all their digits.
  static func whole(_ value: JSONValue) -> String {
    guard case .number(let text) = value else { return "-" }
    let digits = text.first == "-" ? text.dropFirst() : text[...]
    if digits.allSatisfy({ $0.isASCII && $0.isNumber }) { return grouped(digits: text) }
    return whole(Double(text))
  }

  /// The same of a number that was computed.
  static func whole(_ value: Double?) -> String {
    guard let value, abs(value) < 1e18 else { return "-" }
    return grouped(Int(value.rounded()))
  }

  /// A count and its noun: `1 record`, `2 records`.
  static func counted(_ value: JSONValue, _ noun: String) -> String {
    let count = whole(value)
    return "\(count) \(noun)\(count == "1" ? "" : "s")"
  }

  /// Three significant digits.
  static func short(_ value: Double?) -> String {
    guard let value else { return "-" }
    if abs(value) >= 100, abs(value) < 1e9 { return whole(value) }
    return decimal(value)
  }

  /// One significant digit, for estimates.
  static func rough(_ value: Double) -> String { decimal(value, digits: 1) }

  /// A ratio in per cent.
  static func percent(_ ratio: Double?) -> String { ratio.map { "\(short($0 * 100)) %" } ?? "-" }

  /// A span of time.
  static func seconds(_ value: Double?) -> String {
    guard let value else { return "-" }
    switch value {
    case 0: return "0 s"
    case ..<1e-3: return "\(short(value * 1e6)) us"
    case ..<1: return "\(short(value * 1e3)) ms"
    default: return exactDurationText(value)
    }
  }

  /// A size.
  static func bytes(_ value: Double?) -> String { value.map(byteText) ?? "-" }

  /// The local time of seconds since the epoch.
  static func clock(_ time: Double?, format: String = "%H:%M:%S") -> String {
    guard let time, abs(time) < 1e11 else { return "-" }
    var seconds = time_t(time)
    var parts = tm()
    localtime_r(&seconds, &parts)
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
      let count = strftime(buffer.baseAddress, buffer.count, format, &parts)
      return String(decoding: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
  }

  /// Date and time.
  static func dated(_ time: Double?) -> String { clock(time, format: "%Y-%m-%d %H:%M:%S") }
}
