internal import DurableFiles
internal import NumberText
internal import StrictJSON

extension Scoring {
  /// The value of the metadata key `scoring`; weights read back to the same bits.
  var metadataText: String {
    JSONValue.object([
      "levels": .array(levels.map { .integer($0) }),
      "weights": .array(weights.map { .real($0) }),
      "output": .string(output.rawValue),
    ]).compactText
  }

  /// Reads the value of the metadata key `scoring`; weights are 1/n and the output is the score
  /// unless stated.
  init(_ place: JSONPlace, levelCount: Int, notes: inout [String]) throws(FileFault) {
    let levels = try Self.levels(try place.member("levels"), levelCount: levelCount)
    let weights = try place.optionalMember("weights").map { place throws(FileFault) in
      try Self.weights(place, count: levels.count)
    }
    let output = try place.optionalMember("output").map { place throws(FileFault) in
      try Self.output(place)
    }
    if weights == nil { notes.append("metadata scoring.weights: none; equal weights") }
    if output == nil { notes.append("metadata scoring.output: none; read as score") }
    let others = try place.object().members(except: ["levels", "weights", "output"])
    for member in others.members {
      notes.append("metadata scoring.\(member.name) is not known to this version and has no effect")
    }
    self.init(levels: levels, weights: weights, output: output ?? .score)
  }

  private static func levels(_ place: JSONPlace, levelCount: Int) throws(FileFault) -> [Int] {
    var levels: [Int] = []
    var seen: Set<Int> = []
    for element in try place.elements() {
      let level = try element.integer(in: 0...levelCount - 1)
      if !seen.insert(level).inserted { throw element.fault(expected: "each level once") }
      levels.append(level)
    }
    if levels.isEmpty { throw place.fault(found: "no levels", expected: "at least one level") }
    return levels
  }

  private static func weights(_ place: JSONPlace, count: Int) throws(FileFault) -> [Float] {
    let weights = try place.map { weight throws(FileFault) in
      let value = try weight.real(as: Float.self)
      if value < 0 { throw weight.fault(expected: "a weight of at least 0") }
      return value
    }
    guard weights.count == count else {
      throw place.fault(
        found: counted(weights.count, "weight"),
        expected: "\(counted(count, "weight")), one a level")
    }
    guard weights.contains(where: { $0 > 0 }) else {
      throw place.fault(found: "weights of 0 alone", expected: "at least one above 0")
    }
    return weights
  }

  private static func output(_ place: JSONPlace) throws(FileFault) -> Output {
    if let output = Output(rawValue: try place.string()) { return output }
    throw place.fault(expected: Output.allCases.map { "\"\($0)\"" }.joined(separator: " or "))
  }
}
