internal import ArgumentParser
internal import Calibration
internal import DaemonConfiguration
internal import DurableFiles
internal import RunFiles
internal import TriggerPipeline

/// Prescales by section or time, as a daemon has them.
struct PrescaleOptions: ParsableArguments {
  @Option(
    help: """
      A configuration of tamisd, whose prescales by section or time hold. Default: the calibration's \
      prescales.
      """, completion: .file())
  var prescales: String?

  /// The table for the working points of `calibration`; nil where its own prescales hold.
  ///
  /// - Throws: what is wrong with the configuration, or a working point that the calibration does not
  ///   have.
  func table(for calibration: TriggerCalibration) throws -> PrescaleTable? {
    guard let prescales else { return nil }
    let configuration = try DaemonConfiguration.load(prescales)
    return try PrescaleTable(
      configuration.prescales, file: prescales, calibration: calibration)
  }

  /// Throws where a table goes by time and an input has none.
  func check(_ table: PrescaleTable?, fits events: EventSource) throws {
    guard table?.axis == .time,
      let row = (0..<events.eventCount).first(where: { events.record(at: $0) == nil })
    else { return }
    let array = events.inputs[events.place(of: row).input]
    throw FileFault(
      file: array.path, found: "rows of features, which have no times",
      expected: "recorded events, as \(prescales ?? "--prescales") has prescales by time",
      remedy: "record the events, or leave --prescales out")
  }
}
