import Simulation
import Testing

private let physics = ReferencePhysics(processSeed: 5)

private func anomalies(scale: Double, spread: Double, count: Int = 20_000) -> [Float] {
  SimulatedSample(
    physics: physics, content: .anomalies(scale: scale, spread: spread), eventCount: count, seed: 2
  ).events(0..<UInt64(count))
}

@Test func anomaliesAreShiftedInTwentyFeatures() {
  let count = 20_000
  let sample = SimulatedSample(
    physics: physics, content: .anomalies(), eventCount: count, seed: 2)
  let events = sample.events(0..<UInt64(count))
  for feature in 0..<64 {
    let expected: Double = feature < 10 ? 3 : feature < 20 ? -2 : 0
    let values = (0..<count).map { Double(events[$0 * 64 + feature]) }
    let mean = values.reduce(0, +) / Double(count)
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)
    #expect(abs(mean - expected) < 4.5 * 0.5 / Double(count).squareRoot(), "\(feature)")
    #expect(abs(variance / 0.25 - 1) < 4.5 * (2 / Double(count)).squareRoot(), "\(feature)")
  }
}

@Test func scaleMultipliesTheShiftAndSpreadTheNoise() {
  let noise = anomalies(scale: 0, spread: 1, count: 100)
  let events = anomalies(scale: 0.5, spread: 2, count: 100)
  for index in events.indices {
    let shift = 0.5 * ReferencePhysics.anomalyShift(index % 64)
    #expect(events[index] == Float(2 * Double(noise[index]) + shift))
  }
}

@Test func anomaliesAndBackgroundOfOneSeedAreIndependent() {
  let noise = anomalies(scale: 0, spread: 1, count: 2_000)
  let background = physics.background(seed: 2).events(0..<2_000)
  let products = zip(noise, background).map { Double($0) * Double($1) }
  let mean = products.reduce(0, +) / Double(products.count)
  let square = products.reduce(0) { $0 + $1 * $1 } / Double(products.count)
  #expect(abs(mean) < 4 * (square / Double(products.count)).squareRoot())
}

@Test func shiftedEventsAreBackgroundWithTheShiftAdded() {
  let shifted = SimulatedSample(
    physics: physics, content: .shiftedBackground(scale: 0.5), eventCount: 300, seed: 4
  ).events(100..<300)
  let background = physics.background(seed: 4).events(100..<300)
  for index in shifted.indices {
    let shift: Float = index % 64 < 10 ? 1.5 : index % 64 < 20 ? -1 : 0
    #expect(shifted[index] == background[index] + shift)
  }
}
