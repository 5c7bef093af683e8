internal import ArgumentParser
internal import Benchmarking
internal import CLinux
internal import CommandFrame
internal import ScoreEngine
internal import StrictJSON

/// `tamis bench`.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure scoring latency and rate on this machine.",
    discussion: """
      Measures the peak of one core, in products a second with operands in registers, and the \
      events a second of scoring in batches, exact and screened, each as a share of that peak. It \
      also measures the latency of single events. Everything is measured in short slices that take \
      turns. Figures are medians, with the smallest and the largest in brackets. PASS means that \
      99.9 % of single events were scored within the target; the factor to the target is printed.

      Run it on a quiet machine, bound to one processor. Without --model a network of the reference \
      size is trained for some seconds first: exact speed depends on the size alone.

      Examples:
        tamis bench --processor 1
        tamis bench --model model.safetensors --calibration calibration.json \\
          --input test.run --json
        TAMIS_ISA=avx2 tamis bench
      """)

  @Option(help: "The model file; default: one trained on the spot.", completion: .file())
  var model: String?

  @Option(
    help: "The calibration file, for the margin of the screen and, with --input, its threshold.",
    completion: .file())
  var calibration: String?

  @Option(
    parsing: .upToNextOption, help: "EVENTS to score; default: simulated ones.", completion: .file()
  )
  var input: [String] = []

  @Option(help: "Events a call.")
  var batches = CommaSeparated(values: [1, 4, 16, 64, 256])

  @Option(help: "Slices of 40 ms that each figure is the median of.")
  var slices = 9

  @Option(help: "Single events that are timed.")
  var latencyEvents = 50_000

  @Option(help: "The processor to run on; default: any.")
  var processor: Int?

  @Option(help: "The target, in milliseconds an event.")
  var targetMs = 10.0

  @OptionGroup var output: OutputOptions

  func validate() throws {
    if model == nil, calibration != nil || !input.isEmpty {
      throw ValidationError("--calibration and --input go with --model")
    }
    guard batches.values.allSatisfy({ (1...65_536).contains($0) }) else {
      throw ValidationError("--batches wants numbers from 1 to 65536, such as 1,16,256")
    }
    try check("--slices", slices, in: 1...1_000)
    try check("--latency-events", latencyEvents, in: 1_000...10_000_000)
    if !(targetMs > 0 && targetMs.isFinite) {
      throw ValidationError("--target-ms is positive, not \(targetMs)")
    }
    if let processor, !tamis_processor_is_available(CInt(clamping: processor)) {
      throw ValidationError("--processor \(processor) is not one that this process may use")
    }
  }

  func run() throws {
    let subject = try BenchSubject(model: model, calibration: calibration, input: input)
    // Bound only now: the training uses all processors.
    if let processor { _ = tamis_thread_set_affinity(CInt(processor)) }
    let report = subject.events.withUnsafeBufferPointer { events in
      measure(
        subject,
        ScoringSpeed(
          screen: subject.screen, network: subject.network, screening: subject.screening,
          events: events))
    }
    if output.json { print(report.json.text) } else { print(report.text) }
    if !report.passes { throw NegativeAnswer(description: "") }
  }

  private func measure(_ subject: BenchSubject, _ speed: ScoringSpeed) -> BenchReport {
    var progress = ProgressLine()
    var rows: [ScoringSpeed.Row] = []
    for batch in batches.values {
      progress.show("bench: batches of \(batch)")
      rows.append(speed.rates(batch: batch, slices: slices))
    }
    progress.show("bench: latency")
    let report = BenchReport(
      subject: subject, rows: rows, peak: speed.peakRates(slices: slices),
      multiplyAddsPerEvent: subject.network.multiplyAddsPerEvent,
      rescoredShare: speed.rescoredShare(),
      exactLatency: speed.latencies(isScreened: false, count: latencyEvents),
      screenedLatency: subject.screen == nil
        ? nil : speed.latencies(isScreened: true, count: latencyEvents),
      targetSeconds: targetMs * 1e-3)
    progress.finish()
    return report
  }
}
