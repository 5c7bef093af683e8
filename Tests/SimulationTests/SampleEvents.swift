import DurableFiles
import FoundationEssentials
import Simulation

extension SimulatedSample {
  /// The events of a range, row-major.
  func events(_ range: Range<UInt64>) -> [Float] {
    let count = range.count * physics.featureCount
    return [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      fill(UnsafeMutableBufferPointer(rebasing: buffer[..<count]), events: range)
      initialized = count
    }
  }
}

extension ReferencePhysics {
  /// A background sample, long enough for any range.
  func background(seed: UInt64) -> SimulatedSample {
    SimulatedSample(physics: self, content: .background, eventCount: .max, seed: seed)
  }
}
