import Analysis
import Testing

private let scales: [AxisScale] = [
  .linear(low: 0, high: 1), .linear(low: -3.2, high: 4.5), .linear(low: 0, high: 5000),
  .linear(low: 1e-9, high: 3e-9), .linear(low: -1e7, high: 2e7), .linear(low: 99.9, high: 100.1),
  .logarithmic(low: 1e-5, high: 1), .logarithmic(low: 23, high: 65),
  .logarithmic(low: 3, high: 25), .logarithmic(low: 1e-12, high: 1e9),
  .logarithmic(low: 0.9, high: 1.1), .logarithmic(low: 2e-5, high: 0.2),
]

@Suite struct ChartTests {
  @Test(arguments: scales)
  func ticksAreRoundAscendingAndInside(scale: AxisScale) {
    let ticks = scale.ticks(count: 5)
    #expect(zip(ticks, ticks.dropFirst()).allSatisfy { $0.value < $1.value })
    #expect(ticks.allSatisfy { (-1e-9...1 + 1e-9).contains(scale.fraction(of: $0.value)) })
    let labels = ticks.map(\.label).filter { !$0.isEmpty }
    #expect((2...9).contains(labels.count), "\(labels)")
    #expect(Set(labels).count == labels.count, "\(labels)")
  }

  @Test func labelsSayTheValue() {
    func labels(_ scale: AxisScale) -> [String] {
      scale.ticks(count: 5).map(\.label).filter { !$0.isEmpty }
    }
    #expect(labels(.linear(low: 0, high: 1)) == ["0", "0.2", "0.4", "0.6", "0.8", "1.0"])
    #expect(labels(.linear(low: -2, high: 2)) == ["−2", "−1", "0", "1", "2"])
    #expect(labels(.logarithmic(low: 1e-3, high: 10)) == ["10⁻³", "10⁻²", "10⁻¹", "1", "10"])
    #expect(labels(.linear(low: 0, high: 400_000)).last == "4×10⁵")
  }

  @Test func placesAreCutAtTheEnds() {
    let scale = AxisScale.logarithmic(low: 0.1, high: 10)
    #expect(scale.fraction(of: 0) == 0 && scale.fraction(of: -1) == 0)
    #expect(scale.fraction(of: .infinity) == 1 && scale.fraction(of: .nan) == 0)
    #expect(abs(scale.fraction(of: 1) - 0.5) < 1e-12)
  }
}
