import DurableFiles
import Simulation
import Testing

private let physics = ReferencePhysics(processSeed: 5)

/// The mean and covariance of the mixture of processes.
private func mixtureMean(_ feature: Int) -> Double {
  physics.processes.reduce(0) { $0 + $1.weight * $1.mean[feature] }
}

private func mixtureCovariance(_ row: Int, _ column: Int) -> Double {
  physics.processes.reduce(-mixtureMean(row) * mixtureMean(column)) { sum, process in
    sum + process.weight
      * (process.covariance(row, column) + process.mean[row] * process.mean[column])
  }
}

@Test func backgroundHasTheMomentsOfTheMixture() {
  let count = 100_000
  let events = physics.background(seed: 11).events(0..<UInt64(count))
  let features = [0, 1, 17, 40, 63]
  let means = features.map { feature in
    (0..<count).reduce(0.0) { $0 + Double(events[$1 * 64 + feature]) } / Double(count)
  }
  for (feature, mean) in zip(features, means) {
    let error = (mixtureCovariance(feature, feature) / Double(count)).squareRoot()
    #expect(abs(mean - mixtureMean(feature)) < 4 * error)
  }
  for (i, row) in features.enumerated() {
    for (j, column) in features.enumerated() {
      let products = (0..<count).map {
        (Double(events[$0 * 64 + row]) - means[i]) * (Double(events[$0 * 64 + column]) - means[j])
      }
      let covariance = products.reduce(0, +) / Double(count)
      let variance = products.reduce(0) { $0 + ($1 - covariance) * ($1 - covariance) }
      let error = variance.squareRoot() / Double(count)
      #expect(abs(covariance - mixtureCovariance(row, column)) < 4 * error, "\(row), \(column)")
    }
  }
}

@Test func eventsAreThoseOfTheirProcess() {
  let count = 50_000
  let events = physics.background(seed: 3).events(0..<UInt64(count))
  let labels = (0..<UInt64(count)).map { physics.process(ofEvent: $0, seed: 3) }
  for (number, process) in physics.processes.enumerated() {
    let rows = labels.indices.filter { labels[$0] == number }
    let share = Double(rows.count) / Double(count)
    let shareError = (process.weight * (1 - process.weight) / Double(count)).squareRoot()
    #expect(abs(share - process.weight) < 4 * shareError)
    for feature in [0, 31, 63] {
      let mean = rows.reduce(0.0) { $0 + Double(events[$1 * 64 + feature]) } / Double(rows.count)
      let error = (process.covariance(feature, feature) / Double(rows.count)).squareRoot()
      #expect(abs(mean - process.mean[feature]) < 4 * error, "\(process.name) \(feature)")
    }
  }
}

@Test func processesHaveTheStatedLaw() {
  let seeds = (1...50).map { ReferencePhysics(processSeed: $0) }
  for number in 0..<4 {
    let means = seeds.flatMap { $0.processes[number].mean }
    let width = 0.3 * Double(number + 1)
    let meanSquare = means.reduce(0) { $0 + $1 * $1 } / Double(means.count)
    #expect(abs(means.reduce(0, +)) / Double(means.count) < 4 * width / 3200.0.squareRoot())
    #expect(abs(meanSquare / (width * width) - 1) < 4 * (2.0 / 3200).squareRoot())
    let variances = seeds.map { $0.processes[number].covariance(7, 7) }
    let variance = variances.reduce(0, +) / 50
    // 0.5 + 0.01 chi^2 of 64.
    #expect(abs(variance - 1.14) < 0.04 * (128.0 / 50).squareRoot())
    let covariances = seeds.map { $0.processes[number].covariance(7, 8) }
    let covariance = covariances.reduce(0, +) / 50
    #expect(abs(covariance) < 0.04 * (64.0 / 50).squareRoot())
  }
  #expect(seeds[0].processes.map(\.weight) == [0.6, 0.15, 0.15, 0.1])
}

@Test func covarianceIsSymmetric() {
  let process = physics.processes[2]
  #expect(process.covariance(3, 50) == process.covariance(50, 3))
}

@Test func anyRangeGivesTheSameEvents() {
  let sample = physics.background(seed: 9)
  let events = sample.events(100..<164)
  for index in 100..<164 as Range<UInt64> {
    let row = Int(index - 100) * 64
    #expect(sample.events(index..<index + 1) == Array(events[row..<row + 64]))
  }
  #expect(sample.events(7..<7) == [])
  // Far out as well: normal numbers of 45 bits.
  let far: UInt64 = 1 << 38
  #expect(sample.events(far..<far + 2).suffix(64) == sample.events(far + 1..<far + 2)[...])
}

@Test func seedsMakeOtherEventsOfTheSamePhysics() {
  let events = physics.background(seed: 9).events(0..<4)
  #expect(physics.background(seed: 10).events(0..<4) != events)
  #expect(ReferencePhysics(processSeed: 5).background(seed: 9).events(0..<4) == events)
  #expect(ReferencePhysics(processSeed: 6).background(seed: 9).events(0..<4) != events)
}

@Test(arguments: [1, 3, 19, 70])
func otherFeatureCountsWork(featureCount: Int) {
  let physics = ReferencePhysics(processSeed: 1, featureCount: featureCount)
  let events = physics.background(seed: 1).events(0..<2_000)
  #expect(events.allSatisfy { $0.isFinite })
  #expect(Set(events.map(\.bitPattern)).count > events.count * 99 / 100)
  #expect(physics.featureNames.count == featureCount)
  #expect(Set(physics.featureNames).count == featureCount)
}

private func digest(_ values: [Float]) -> String {
  values.withUnsafeBytes { SHA256Digest(of: $0).description }
}

/// Pinned: a change here changes every simulated event.
@Test func firstEventsNeverChange() {
  let events = ReferencePhysics(processSeed: 1).background(seed: 1).events(0..<1000)
  #expect(
    digest(events) == "fe175616209f9353c21cb39f2a550bc700d84f55742ede3882e95086bfe757f5")
  let anomalies = SimulatedSample(
    physics: ReferencePhysics(processSeed: 1), content: .anomalies(), eventCount: 1000)
  #expect(
    digest(anomalies.events(0..<1000))
      == "28d555a8935eab3d6d0ed0c18be8935b2f896958ad06f3896c7f3f24410601cf")
}
