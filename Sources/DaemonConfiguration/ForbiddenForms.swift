internal import Yams

/// Notes forms of YAML that a configuration does not need and that make it hard to read: anchors
/// with their aliases, merge keys and tags. Returns whether `node` has one.
func isRefused(_ node: Node, key: String?, log: FaultLog) -> Bool {
  if let anchor = node.anchor {
    log.add(
      SourcePlace(node), key: key, found: "the anchor &\(anchor.rawValue)",
      expected: "a plain value",
      remedy: "write the value at each place where it is used; aliases are not supported")
    return true
  }
  if node.scalar?.string == "<<", node.scalar?.style == .plain {
    log.add(
      SourcePlace(node), key: key, found: "the merge key <<", expected: "a key",
      remedy: "write the keys at each place where they are used; merging is not supported")
    return true
  }
  let tag = node.tag.rawValue
  if tag.hasPrefix("!") {
    log.add(SourcePlace(node), key: key, found: "the tag \(tag)", expected: "a value without a tag")
    return true
  }
  return false
}
