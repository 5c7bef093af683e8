internal import ReproducibleMath
internal import ScoreEngine

/// The walk of some samples down the noise levels, in standardised features. One thread owns it.
final class LangevinWalk {
  /// Samples that walk together: whole groups of the engine, and few enough for the cache.
  static let batchMax = 96

  private let plan: ScoreFieldPlan
  private let levels: [Int]
  private let stepsPerLevel: Int
  private let stepRatio: Float
  private let start: RandomStream
  private let noise: RandomStream
  private let featureCount: Int
  /// Normals set aside for a sample and step.
  private let reservedCount: Int
  private let scores: UnsafeMutablePointer<Float>
  private let normals: UnsafeMutableBufferPointer<Float>

  init(field: ScoreField, levels: [Int], recipe: LangevinRecipe) {
    plan = ScoreFieldPlan(field: field)
    self.levels = levels
    stepsPerLevel = recipe.stepsPerLevel
    stepRatio = Float(recipe.stepRatio)
    start = SamplingStream.start.seeded(recipe.seed)
    noise = SamplingStream.noise.seeded(recipe.seed)
    featureCount = field.featureCount
    reservedCount = RandomStream.reserved(field.featureCount)
    scores = .allocate(capacity: Self.batchMax * field.featureCount)
    normals = .allocate(capacity: reservedCount)
  }

  deinit {
    scores.deallocate()
    normals.deallocate()
  }

  /// Brings samples from their start to their end; at most `batchMax`.
  func run(_ points: UnsafeMutablePointer<Float>, samples: Range<UInt64>) {
    begin(points, samples: samples)
    for (place, level) in levels.enumerated() {
      for step in place * stepsPerLevel..<(place + 1) * stepsPerLevel {
        move(points, samples: samples, level: level, step: step)
      }
    }
    denoise(points, count: samples.count)
  }

  /// Background of unit variance with the largest noise.
  private func begin(_ points: UnsafeMutablePointer<Float>, samples: Range<UInt64>) {
    let sigma = plan.field.sigmas[levels[0]]
    let width = (1 + sigma * sigma).squareRoot()
    for (place, sample) in samples.enumerated() {
      start.fillGaussians(normals, start: sample &* UInt64(reservedCount))
      for feature in 0..<featureCount {
        points[place * featureCount + feature] = width * normals[feature]
      }
    }
  }

  /// x = (x + a/2 s) + sqrt(a) e, a = ratio sigma^2.
  private func move(
    _ points: UnsafeMutablePointer<Float>, samples: Range<UInt64>, level: Int, step: Int
  ) {
    let sigma = plan.field.sigmas[level]
    let size = stepRatio * (sigma * sigma)
    let half = size / 2
    let root = size.squareRoot()
    let stepCount = UInt64(levels.count * stepsPerLevel)
    plan.evaluate(points, count: samples.count, level: level, scores: scores)
    for (place, sample) in samples.enumerated() {
      noise.fillGaussians(
        normals, start: (sample &* stepCount &+ UInt64(step)) &* UInt64(reservedCount))
      let point = points + place * featureCount
      let score = scores + place * featureCount
      for feature in 0..<featureCount {
        point[feature] = point[feature] + half * score[feature] + root * normals[feature]
      }
    }
  }

  /// x + sigma^2 s, the expected event given one with the smallest noise (Robbins 1956, Efron 2011).
  private func denoise(_ points: UnsafeMutablePointer<Float>, count: Int) {
    let level = levels[levels.count - 1]
    let sigma = plan.field.sigmas[level]
    plan.evaluate(points, count: count, level: level, scores: scores)
    for place in 0..<count * featureCount {
      points[place] = points[place] + sigma * sigma * scores[place]
    }
  }
}

/// The purposes of random numbers. The raw value is the number of the stream. The index of a number
/// in its stream tells what the number belongs to.
enum SamplingStream: UInt64 {
  /// Where a sample begins; index: sample * reserved + feature.
  case start = 0x7361_0001
  /// The noise of a step; index: (sample * steps in all + step) * reserved + feature.
  case noise = 0x7361_0002

  /// The stream with this seed.
  func seeded(_ seed: UInt64) -> RandomStream { RandomStream(seed: seed, stream: rawValue) }
}
