internal import DaemonConfiguration
internal import Drift

extension DriftSettings {
  /// The settings of the section `drift`.
  init(_ drift: DaemonConfiguration.Drift) {
    self.init()
    falseAlarmHours = Double(drift.falseAlarmHours)
    sampledWindowEventCount = drift.windowEventCount
    decidedWindowEventCount = drift.rateWindowEventCount
    // The two lists of names are one: a test of the configuration's compares them.
    ignoredChecks = Set(drift.ignoredChecks.compactMap { DriftCheck.Name(rawValue: $0.rawValue) })
    ignoredFeatures = Set(drift.ignoredFeatures)
  }
}
