/// A count and its noun, for people: `0 records`, `1 record`, `2 records`.
///
/// - Parameter noun: in the singular; its plural ends with s.
package func counted(_ count: some BinaryInteger, _ noun: String) -> String {
  "\(count) \(noun)\(count == 1 ? "" : "s")"
}
