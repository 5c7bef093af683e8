import DurableFiles
import EventRecords
import RunFiles
import Simulation
import StrictJSON
import TestSupport
import Testing

private let physics = ReferencePhysics(processSeed: 5)
/// More than one chunk, and not a multiple of the number of threads.
private let sample = SimulatedSample(
  physics: physics, content: .background, eventCount: 16_391, seed: 4)

@Test func aRunHasAllRecordsInOrder() throws {
  try withTemporaryFolder { folder in
    try sample.write(to: "\(folder)/run", run: 42)
    let run = try RecordedRun("\(folder)/run")
    #expect(run.recordCount == 16_393)
    #expect(run.featureNames == physics.featureNames)
    #expect(run.notes == [])
    let expected = sample.events(0..<16_391)
    let schema = schemaPrefix(featureNames: physics.featureNames)
    var sequence: UInt64 = 0
    try run.forEachRecord { record in
      sequence += 1
      #expect(record.sequence == sequence)
      #expect(record.storedChecksum == record.computedChecksum)
      #expect(record.flags == [])
      #expect(record.run == 42)
      #expect(record.schema == schema)
      switch sequence {
      case 1: #expect(record.kind == .beginOfRun)
      case 16_393: #expect(record.kind == .endOfRun)
      default:
        #expect(record.kind == .event)
        let row = Int(sequence - 2) * 64
        #expect(record.features.elementsEqual(expected[row..<row + 64]))
      }
    }
  }
}

@Test func bytesDoNotDependOnTheThreads() throws {
  try withTemporaryFolder { folder in
    for threadCount in 1...3 {
      try sample.write(to: "\(folder)/run-\(threadCount)", threadCount: threadCount)
      try sample.write(to: "\(folder)/\(threadCount).npy", threadCount: threadCount)
    }
    for threadCount in 2...3 {
      for name in ["run-#/manifest.json", "run-#/000001.events", "#.npy"] {
        let files = try [1, threadCount].map {
          try contents(of: "\(folder)/" + name.replacing("#", with: "\($0)"))
        }
        #expect(files[0] == files[1], "\(name), \(threadCount) threads")
      }
    }
  }
}

@Test func anArrayHasTheEventsOfTheRun() throws {
  try withTemporaryFolder { folder in
    var progress: [Int] = []
    try sample.write(to: "\(folder)/events.npy") { progress.append($0) }
    #expect(progress == [16_384, 16_391])
    let source = try EventSource(paths: ["\(folder)/events.npy"])
    #expect(source.eventCount == 16_391)
    #expect(source.featureCount == 64)
    var events = [Float](repeating: 0, count: 16_391 * 64)
    events.withUnsafeMutableBufferPointer { buffer in
      if let base = buffer.baseAddress { source.copyFeatures(of: 0..<16_391, into: base) }
    }
    #expect(events == sample.events(0..<16_391))
  }
}

@Test func theManifestSaysHowTheSampleWasMade() throws {
  try withTemporaryFolder { folder in
    let anomalies = SimulatedSample(
      physics: physics, content: .anomalies(scale: 0.5, spread: 0.25), eventCount: 10,
      seed: .max)
    try anomalies.write(to: "\(folder)/run")
    #expect(
      try RecordedRun("\(folder)/run").manifest?.extras["simulation"]
        == .object([
          "content": .string("anomalies"), "events": .integer(10), "process_seed": .integer(5),
          "scale": .number("0.5"), "seed": .integer(UInt64.max), "spread": .number("0.25"),
        ]))
  }
}

@Test(arguments: ["run", "events.npy"])
func existingOutputIsReplacedOnlyWhenAsked(name: String) throws {
  try withTemporaryFolder { folder in
    let path = "\(folder)/\(name)"
    let small = SimulatedSample(physics: physics, content: .background, eventCount: 3)
    try small.write(to: path)
    #expect(throws: FileFault.self) { try small.write(to: path) }
    try small.write(to: path, replacing: true)
    #expect(try EventSource(paths: [path]).eventCount == 3)
  }
}

@Test func aRunWithoutEventsIsABeginAndAnEnd() throws {
  try withTemporaryFolder { folder in
    let none = SimulatedSample(physics: physics, content: .background, eventCount: 0)
    try none.write(to: "\(folder)/run", threadCount: 2)
    #expect(try RecordedRun("\(folder)/run").recordCount == 2)
  }
}
