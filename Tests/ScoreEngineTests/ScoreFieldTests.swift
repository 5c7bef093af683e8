import ScoreEngine
import ScoreModel
import Testing

/// The score field is the network that is scored with: its squares are the attributions.
@Suite struct ScoreFieldTests {
  private func model(_ output: Scoring.Output) -> TrainedModel {
    let shape = NetworkShape(featureCount: 21, hiddenWidth: 48, blockCount: 2, levelCount: 3)
    var model = randomModel(shape, levels: [0])
    // Powers of two, so that dividing by them loses nothing.
    model.sigmas = [4, 0.5, 0.125]
    model.standardiser = Standardiser(
      mean: [Float](repeating: 0, count: 21), scale: [Float](repeating: 1, count: 21))
    model.scoring.output = output
    return model
  }

  @Test(arguments: InstructionSet.available, Scoring.Output.allCases)
  func squaresAreTheAttributions(set: InstructionSet, output: Scoring.Output) {
    let model = model(output)
    var generator = TestGenerator(seed: 9)
    let points = generator.floats(31 * 21, within: 3)
    let field = ScoreFieldPlan(field: ScoreField(model: model, instructionSet: set))
    for level in 0..<3 {
      let scoring = Scoring(levels: [level], weights: [1], output: output)
      let expected = scorer(model, .scalar, scoring: scoring).bits(of: points).attributions
      let factor = output == .noise ? model.sigmas[level] : 1
      for count in [1, 11, 12, 13, 31] {
        var scores = [Float](repeating: 0, count: count * 21)
        field.evaluate(points, count: count, level: level, scores: &scores)
        let squares = scores.map { (($0 * factor) * ($0 * factor)).bitPattern }
        #expect(squares == Array(expected[..<(count * 21)]), "level \(level), \(count) points")
      }
    }
  }

  /// With noise added a point scores back towards where it was: the sign is that of a gradient.
  @Test func predictedNoisePointsBack() {
    var model = model(.noise)
    for tensor in model.shape.tensors {
      model.parameters[tensor] = ArraySlice(
        [Float](repeating: 0, count: model.shape.elementCount(of: tensor)))
    }
    model.parameters[.outputBias] = ArraySlice([Float](repeating: 3, count: 21))
    var scores = [Float](repeating: 0, count: 21)
    ScoreFieldPlan(field: ScoreField(model: model, instructionSet: .best)).evaluate(
      scores, count: 1, level: 1, scores: &scores)
    #expect(scores.allSatisfy { $0 == -6 })
  }
}
