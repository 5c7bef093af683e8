internal import ScoreEngine
internal import ScoreModel
internal import Testing
internal import Training

/// The same recipe on the same events is the same model, bit for bit.
@Suite struct ReproducibilityTests {
  @Test(arguments: InstructionSet.available, [1, 2, 3])
  func threadsAndInstructionSetsDoNotMatter(instructionSet: InstructionSet, threads: Int) throws {
    var configuration = smallConfiguration()
    configuration.instructionSet = .scalar
    let expected = try train(smallEvents(), configuration).model
    configuration.instructionSet = instructionSet
    configuration.threads = threads
    let found = try train(smallEvents(), configuration).model
    #expect(bits(found) == bits(expected))
    #expect(found == expected)
  }

  @Test(arguments: Scoring.Output.allCases)
  func otherRecipesAreAsReproducible(output: Scoring.Output) throws {
    var configuration = smallConfiguration()
    configuration.output = output
    configuration.schedule = .constant
    configuration.emaDecay = 0.99
    configuration.clip = 2
    configuration.hiddenWidth = 16
    configuration.batchSize = 7
    configuration.threads = 3
    let expected = try train(smallEvents(featureCount: 3), configuration).model
    configuration.threads = 1
    configuration.instructionSet = .scalar
    #expect(bits(try train(smallEvents(featureCount: 3), configuration).model) == bits(expected))
  }

  @Test func theSeedMatters() throws {
    var configuration = smallConfiguration()
    let first = try train(smallEvents(), configuration).model
    configuration.seed = 2
    #expect(try train(smallEvents(), configuration).model.parameters != first.parameters)
  }

  @Test func eventsComeFromMemoryOrInRanges() throws {
    let features = correlatedFeatures(eventCount: 3000, featureCount: 3)
    var covered: [Range<Int>] = []
    let events = TrainingEvents(eventCount: 3000, featureCount: 3) { range, target in
      covered.append(range)
      for place in 0..<range.count * 3 { target[place] = features[range.lowerBound * 3 + place] }
    }
    let found = try train(events, smallConfiguration()).model
    let inMemory = TrainingEvents(features: features, featureCount: 3)
    #expect(found == (try train(inMemory, smallConfiguration()).model))
    #expect(covered.first?.lowerBound == 0 && covered.last?.upperBound == 3000)
    #expect(zip(covered, covered.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
  }

  private func bits(_ model: TrainedModel) -> [UInt32] {
    (model.parameters.values + model.sigmas + model.standardiser.mean + model.standardiser.scale)
      .map(\.bitPattern)
  }
}
