import Analysis
import ScoreModel
import Testing

/// Events whose features are a formula, of which one leans on another; as in the reference script.
private func sixFeatures() -> [[Float]] {
  let flat = Scrambled(count: 1200, factor: 7919, offset: 13, modulus: 10007, divisor: 5000).scores
  return (0..<200).map { event in
    var z = flat[event * 6..<event * 6 + 6].map { $0 - 1 }
    z[1] += 0.5 * z[0]
    z[3] -= 0.7 * z[2]
    return z.map { Float($0) }
  }
}

private func plainStandardiser(_ count: Int) -> Standardiser {
  Standardiser(
    mean: [Float](repeating: 0, count: count), scale: [Float](repeating: 1, count: count))
}

private func fitted(to rows: [[Float]], components: Int? = nil) throws -> BackgroundShape {
  let rows = EventRows(name: "background", rows: rows, featureCount: rows[0].count)
  return try BackgroundShape(
    rows, events: 0..<rows.count, standardiser: plainStandardiser(rows.featureCount),
    componentCount: components)
}

private func scores(_ rows: [[Float]], shape: BackgroundShape) -> BaselineScores {
  BaselineScores(
    EventRows(name: "events", rows: rows, featureCount: rows[0].count),
    standardiser: shape.standardiser, shape: shape, workers: 2)
}

private func areClose(_ values: [Double]?, _ expected: [Double]) -> Bool {
  guard let values, values.count == expected.count else { return false }
  return zip(values, expected).allSatisfy { abs($0 - $1) <= 1e-12 * max(1, abs($1)) }
}

@Suite struct BaselineTests {
  @Test func distancesAreThoseOfNumPy() throws {
    let rows = sixFeatures()
    let shape = try fitted(to: rows, components: 2)
    #expect(areClose(shape.variances, referenceShape[0]))
    let found = scores(Array(rows.prefix(5)), shape: shape)
    #expect(areClose(found.mahalanobis, referenceShape[1]))
    #expect(areClose(found.residual, referenceShape[2]))
    #expect(areClose(found.norm, referenceShape[3]))
  }

  @Test func componentsExplainNineTenthsByDefault() throws {
    let shape = try fitted(to: sixFeatures())
    let explained = shape.explainedShares.prefix(shape.componentCount).reduce(0, +)
    #expect(explained >= 0.9)
    #expect(shape.explainedShares.prefix(shape.componentCount - 1).reduce(0, +) < 0.9)
  }

  /// A constant feature and one that is the sum of two others take two directions away.
  @Test func directionsWithoutSpreadAreLeftOut() throws {
    let rows = sixFeatures().map { $0 + [7, $0[0] + $0[1]] }
    let shape = try fitted(to: rows)
    #expect(shape.rank == 6)
    let found = try #require(scores(rows, shape: shape).mahalanobis)
    // The mean of the squared distance over its own sample is rank (n - 1) / n.
    let mean = found.reduce(0, +) / Double(found.count)
    #expect(abs(mean - 6 * 199 / 200) < 1e-6)
  }

  @Test func tooFewEventsOrNoSpreadCannotBeFitted() {
    #expect(throws: AnalysisError.self) { try fitted(to: Array(sixFeatures().prefix(7))) }
    #expect(throws: AnalysisError.self) {
      try fitted(to: [[Float]](repeating: [1, 2], count: 50))
    }
  }

  @Test func eventsWithoutFiniteFeaturesAreLeftOut() throws {
    let rows = sixFeatures()
    var damaged = rows
    damaged.append([1, 2, .nan, 4, 5, 6])
    damaged.append([1, 2, 3, .infinity, 5, 6])
    let shape = try fitted(to: damaged)
    #expect(shape.skippedCount == 2)
    #expect(try fitted(to: rows).variances == shape.variances)
    let found = scores(damaged, shape: shape)
    #expect(found.norm.suffix(2).allSatisfy { $0.isNaN })
    #expect(found.mahalanobis?.suffix(2).allSatisfy { $0.isNaN } == true)
  }

  @Test func standardisedFeaturesAreTheModels() {
    let standardiser = Standardiser(
      mean: [1, 0], scale: [2, 0.5], isLogarithmic: [false, true], clip: 3)
    let rows = EventRows(
      name: "events", rows: [[3, -5], [100, 0], [1, 1.7182817]], featureCount: 2)
    let found = BaselineScores(rows, standardiser: standardiser, shape: nil, workers: 1)
    // z = (1, 0); (3, 0) for the cut; (0, log(e) / 0.5).
    #expect(found.norm[0] == 1 && found.norm[1] == 9)
    #expect(abs(found.norm[2] - 4) < 1e-6)
    #expect(found.mahalanobis == nil && found.residual == nil)
  }

  @Test func variablesAreNamesNumbersAndSums() throws {
    let rows = EventRows(name: "events", rows: [[1, 2, 4], [.nan, 1, 1]], featureCount: 3)
    func variable(_ text: String) throws -> VariableScore {
      try VariableScore(parsing: text, featureNames: ["a", "b", "c"], featureCount: 3)
    }
    #expect(try variable("b").scores(of: rows) == [2, 1])
    #expect(try variable("2").scores(of: rows) == [4, 1])
    let sum = try variable("sum=a+c")
    #expect(sum.name == "sum" && sum.scores(of: rows)[0] == 5)
    #expect(sum.scores(of: rows)[1].isNaN)
    for wrong in ["d", "3", "x=", "=a", "a+", ""] {
      #expect(throws: VariableFault.self, "\(wrong)") { try variable(wrong) }
    }
  }
}
