internal import DurableFiles

/// `NAME=PATH` on the command line, or a path that is named for its last part.
struct NamedInput: Equatable {
  var name: String
  var path: String

  /// What stands before the first `=` is a name unless it holds a `/`.
  init(parsing argument: String) {
    let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    if parts.count == 2, !parts[0].isEmpty, !parts[0].contains("/") {
      name = String(parts[0])
      path = String(parts[1])
    } else {
      let last = argument.split(separator: "/").last.map(String.init) ?? argument
      name = last.lastIndex(of: ".").map { String(last[..<$0]) } ?? last
      path = argument
      if name.isEmpty { name = last }
    }
  }

  /// The paths of each name, in the order in which names first appear.
  static func grouped(_ arguments: [String]) -> [(name: String, paths: [String])] {
    var groups: [(name: String, paths: [String])] = []
    for input in arguments.map({ NamedInput(parsing: $0) }) {
      if let place = groups.firstIndex(where: { $0.name == input.name }) {
        groups[place].paths.append(input.path)
      } else {
        groups.append((input.name, [input.path]))
      }
    }
    return groups
  }
}
