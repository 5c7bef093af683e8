/// A raw feature, or a sum of some, as a score: the larger, the stranger.
package struct VariableScore: Equatable, Sendable {
  /// What it is called.
  package let name: String
  /// Indices of the features that are added.
  package let features: [Int]
  /// Their names.
  package let featureNames: [String]

  /// Reads `FEATURE`, `FEATURE+FEATURE+...` or `NAME=FEATURE+...`; features go by name or index.
  /// - Throws: a text that says which feature is not there.
  package init(
    parsing argument: String, featureNames names: [String]?, featureCount: Int
  ) throws(VariableFault) {
    let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let sum = parts[parts.count - 1]
    name = String(parts[0])
    var features: [Int] = []
    for term in sum.split(separator: "+", omittingEmptySubsequences: false) {
      let found = names?.firstIndex(of: String(term)) ?? Int(term)
      guard let found, (0..<featureCount).contains(found) else {
        throw VariableFault(argument: argument, term: String(term), featureCount: featureCount)
      }
      features.append(found)
    }
    if name.isEmpty {
      throw VariableFault(argument: argument, term: "", featureCount: featureCount)
    }
    self.features = features
    featureNames = features.map { names?[$0] ?? "feature \($0)" }
  }

  /// The score of each event; NaN where one of its features is NaN.
  package func scores(of rows: EventRows) -> [Double] {
    var scores: [Double] = []
    scores.reserveCapacity(rows.count)
    rows.forEachChunk { _, chunk in
      for start in stride(from: 0, to: chunk.count, by: rows.featureCount) {
        scores.append(features.reduce(0) { $0 + Double(chunk[start + $1]) })
      }
    }
    return scores
  }
}

/// Why a variable cannot be read.
package struct VariableFault: Error, Equatable, CustomStringConvertible {
  let argument: String
  let term: String
  let featureCount: Int

  /// The value that was found, and what was expected.
  package var description: String {
    "--variable \(argument): found \"\(term)\", expected a feature's name or index "
      + "(0 to \(featureCount - 1)), or NAME=FEATURE+FEATURE"
  }
}
