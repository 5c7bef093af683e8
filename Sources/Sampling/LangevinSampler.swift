internal import ReproducibleMath
package import ScoreEngine
package import ScoreModel

/// Draws events from the density that a score network has learnt, by annealed Langevin dynamics
/// (Song and Ermon 2019); docs/sampling.md has the formulas.
///
/// Sample i depends only on model, recipe and i. It has the same bits on any machine, in any batch,
/// on any thread, with any instruction set and any number of samples.
package struct LangevinSampler: Sendable {
  /// The recipe.
  package let recipe: LangevinRecipe
  private let field: ScoreField
  private let standardiser: Standardiser
  /// The noise levels, the largest sigma first.
  private let levels: [Int]

  /// D.
  package var featureCount: Int { field.featureCount }
  /// Evaluations of the network for each sample: all steps, and a last one without noise.
  package var evaluationCount: Int { levels.count * recipe.stepsPerLevel + 1 }

  /// Packs the model.
  ///
  /// - Throws: `SamplingError` where the model is not a score network or the recipe is out of range.
  package init(
    model: TrainedModel, recipe: LangevinRecipe, instructionSet: InstructionSet
  ) throws(SamplingError) {
    guard model.kind == .score else { throw .notAScoreNetwork(kind: model.kind.title) }
    guard (1...1_000_000).contains(recipe.stepsPerLevel) else {
      throw .setting(
        name: "steps per level", found: "\(recipe.stepsPerLevel)", expected: "1 to 1000000")
    }
    guard recipe.stepRatio > 0, recipe.stepRatio < 2 else {
      throw .setting(
        name: "step ratio", found: "\(recipe.stepRatio)", expected: "above 0 and below 2")
    }
    self.recipe = recipe
    standardiser = model.standardiser
    field = ScoreField(model: model, instructionSet: instructionSet)
    levels = model.sigmas.indices.sorted { model.sigmas[$0] > model.sigmas[$1] }
  }

  /// Makes the samples of a range: D raw features each, row-major.
  ///
  /// - Throws: `SamplingError.diverged` for the first sample that is not finite.
  package func fill(
    _ out: UnsafeMutableBufferPointer<Float>, samples: Range<UInt64>
  ) throws(SamplingError) {
    precondition(out.count == samples.count * featureCount)
    guard let base = out.baseAddress else { return }
    let walk = LangevinWalk(field: field, levels: levels, recipe: recipe)
    var first = samples.lowerBound
    var row = base
    while first < samples.upperBound {
      let count = min(LangevinWalk.batchMax, Int(samples.upperBound - first))
      walk.run(row, samples: first..<first + UInt64(count))
      for place in 0..<count {
        let event = row + place * featureCount
        standardiser.invert(event)
        if let feature = (0..<featureCount).first(where: { !event[$0].isFinite }) {
          throw .diverged(sample: first + UInt64(place), feature: feature)
        }
      }
      first += UInt64(count)
      row += count * featureCount
    }
  }
}
