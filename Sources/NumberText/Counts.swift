/// A count and its noun: `0 records`, `1 record`, `2 records`.
///
/// - Parameter noun: in the singular; its plural ends with s.
package func counted(_ count: some BinaryInteger, _ noun: String) -> String {
  "\(count) \(noun)\(count == 1 ? "" : "s")"
}

/// The same with digits in groups: `12,000 records`.
package func countText(_ count: some BinaryInteger, _ noun: String) -> String {
  "\(grouped(count)) \(noun)\(count == 1 ? "" : "s")"
}

/// Digits in groups of three: `1,000`.
package func grouped(_ count: some BinaryInteger) -> String { grouped(digits: String(count)) }

/// The same of an integer's digits, however many; a minus may stand before them.
package func grouped(digits: some StringProtocol) -> String {
  var text = ""
  for (place, digit) in digits.enumerated() {
    if place > 0, (digits.count - place) % 3 == 0, text != "-" { text += "," }
    text.append(digit)
  }
  return text
}
