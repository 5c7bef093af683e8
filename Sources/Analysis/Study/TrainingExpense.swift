internal import DurableFiles
internal import Glibc
internal import StrictJSON

/// The cost of a training, from `MODEL.training.json`.
package struct TrainingExpense: Equatable, Sendable {
  /// Processor seconds of all threads.
  package let cpuSeconds: Double
  /// Seconds from start to end.
  package let wallSeconds: Double
  /// Threads, where the file says.
  package let threads: Int?
  /// Measured joules, where the file says.
  package let energyJoules: Double?

  /// Creates an expense.
  package init(
    cpuSeconds: Double, wallSeconds: Double, threads: Int? = nil, energyJoules: Double? = nil
  ) {
    self.cpuSeconds = cpuSeconds
    self.wallSeconds = wallSeconds
    self.threads = threads
    self.energyJoules = energyJoules
  }

  /// Reads the file beside a model; nil where there is none.
  /// - Throws: `FileFault` for a file of another form.
  package static func load(besideModel path: String) throws -> TrainingExpense? {
    let place = "\(path).training.json"
    guard access(place, F_OK) == 0 else { return nil }
    let file = try MappedFile(place)
    return try withExtendedLifetime(file) { try TrainingExpense(file.bytes, path: place) }
  }

  init(_ bytes: UnsafeRawBufferPointer, path: String) throws(FileFault) {
    let place = try JSONPlace(
      parsing: bytes, file: path, remedy: "remove the file, or train again")
    let seconds = 0...1e12
    cpuSeconds = try place.member("cpu_seconds").real(in: seconds)
    wallSeconds = try place.member("wall_seconds").real(in: seconds)
    threads = try place.optionalMember("threads")?.integer(in: 1...1_000_000)
    energyJoules = try place.optionalMember("energy_joules")?.unlessNull {
      value throws(FileFault) in
      try value.real(in: 0...1e15)
    }
  }
}

/// Energy and CO2 of a training.
struct EnergyAccount: Equatable, Sendable {
  /// Joules.
  let joules: Double
  /// Whether they were measured; else processor seconds times an assumed power.
  let isMeasured: Bool
  /// Grams of CO2 at the study's intensity.
  let co2Grams: Double

  init(_ expense: TrainingExpense, settings: StudySettings) {
    joules = expense.energyJoules ?? expense.cpuSeconds * settings.coreWatts
    isMeasured = expense.energyJoules != nil
    co2Grams = joules / 3.6e6 * settings.co2Intensity
  }
}
