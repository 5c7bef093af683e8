internal import ArgumentParser
internal import Calibration
internal import EventRecords
internal import Glibc
internal import ScoreEngine
internal import ScoreModel
internal import Training

/// Refuses a number that is out of the range of its option; nil was not given.
func check<Number: Comparable>(
  _ option: String, _ number: Number?, in range: ClosedRange<Number>
) throws {
  if let number, !range.contains(number) {
    throw ValidationError(
      "\(option) is \(range.lowerBound) to \(range.upperBound), not \(number)")
  }
}

/// Refuses a number that is below the least of its option; nil was not given.
func check<Number: Comparable>(
  _ option: String, _ number: Number?, in range: PartialRangeFrom<Number>
) throws {
  if let number, !range.contains(number) {
    throw ValidationError("\(option) is at least \(range.lowerBound), not \(number)")
  }
}

/// Refuses a probability that is not between 0 and 1; nil was not given.
func checkProbability(_ option: String, _ probability: Double?) throws {
  if let probability, !(probability > 0 && probability < 1) {
    throw ValidationError("\(option) lies between 0 and 1, not \(probability)")
  }
}

/// `--json`, for every command that reports facts.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Print the result as one JSON object.")
  var json = false
}

/// `--force`, for every command that writes a file.
struct ReplaceOptions: ParsableArguments {
  @Flag(help: "Replace an existing file.")
  var force = false
}

/// `--workers` and `--batch`, for every command that scores.
struct EngineOptions: ParsableArguments {
  @Option(help: "Scoring threads; the results do not depend on it. Default: all processors.")
  var workers: Int?

  @Option(help: "Events scored at once; the results do not depend on it.")
  var batch = 256

  var workerCount: Int { workers ?? processorCount() }

  func validate() throws {
    try check("--workers", workers, in: 1...1_024)
    try check("--batch", batch, in: 1...65_536)
  }
}

/// What `tamis train --levels` takes: `auto`, or levels.
enum LevelChoice: ExpressibleByArgument {
  case automatic
  case given([Int])

  init?(argument: String) {
    if argument == "auto" {
      self = .automatic
    } else if let levels = CommaSeparated<Int>(argument: argument) {
      self = .given(levels.values)
    } else {
      return nil
    }
  }

  /// The levels given, or nil where they are to be chosen.
  var levels: [Int]? { if case .given(let levels) = self { levels } else { nil } }

  var defaultValueDescription: String { "auto" }
}

/// What `tamis train --distance` takes: `auto`, `none`, or a factor.
struct DistanceOption: ExpressibleByArgument, Equatable {
  let choice: DistanceChoice

  static let automatic = DistanceOption(choice: .automatic)

  init(choice: DistanceChoice) { self.choice = choice }

  init?(argument: String) {
    switch argument {
    case "auto": choice = .automatic
    case "none": choice = .none
    default:
      guard let factor = Double(argument), factor > 0, Float(factor).isFinite else { return nil }
      choice = .weighted(factor)
    }
  }

  var defaultValueDescription: String { "auto" }
}

/// `--levels` and `--weights`, which override the model's scoring.
struct ScoringOptions: ParsableArguments {
  @Option(help: "Noise levels that make the score, as indices into the model's sigmas: 3,4,5.")
  var levels: CommaSeparated<Int>?

  @Option(help: "The weights of these levels. Default: 1/n each.")
  var weights: CommaSeparated<Float>?

  /// Refuses `--levels` beside a calibration, which has levels of its own.
  func validate(besideCalibration hasCalibration: Bool) throws {
    if levels != nil, hasCalibration {
      throw ValidationError(
        "--levels and --calibration exclude each other: thresholds are for the levels they were "
          + "calibrated with")
    }
  }

  /// The model's scoring with the overrides, checked against its number of levels.
  func scoring(of model: TrainedModel) throws -> Scoring {
    guard let levels else {
      if weights != nil { throw ValidationError("--weights goes with --levels") }
      return model.scoring
    }
    if !model.kind.hasNoiseLevels {
      throw ValidationError(
        "--levels: the model is an \(model.kind.title), which has no noise levels; leave the option out"
      )
    }
    return try Self.checked(
      levels.values, weights: weights?.values, levelCount: model.shape.levelCount,
      output: model.scoring.output)
  }

  static func checked(
    _ levels: [Int], weights: [Float]?, levelCount: Int, output: Scoring.Output
  ) throws -> Scoring {
    for level in levels where !(0..<levelCount).contains(level) {
      throw ValidationError("--levels \(level): the network has levels 0 to \(levelCount - 1)")
    }
    if levels.isEmpty || Set(levels).count != levels.count {
      throw ValidationError("--levels wants one or more different levels, such as 3,4,5")
    }
    if let weights {
      if weights.count != levels.count {
        throw ValidationError("\(levels.count) levels want as many weights, not \(weights.count)")
      }
      if !weights.allSatisfy({ $0.isFinite && $0 >= 0 }) || !weights.contains(where: { $0 > 0 }) {
        throw ValidationError("--weights are finite, not negative, and not all 0")
      }
    }
    return Scoring(levels: levels, weights: weights, output: output)
  }
}

/// A list such as `3,4,5` on the command line.
struct CommaSeparated<Element: LosslessStringConvertible & Sendable>: ExpressibleByArgument,
  Sendable
{
  var values: [Element]

  init(values: [Element]) { self.values = values }

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
    let parsed = parts.compactMap { Element(String($0)) }
    guard !parsed.isEmpty, parsed.count == parts.count else { return nil }
    values = parsed
  }
}

/// The processors that this process may use.
func processorCount() -> Int { max(1, Int(sysconf(CInt(_SC_NPROCESSORS_ONLN)))) }
