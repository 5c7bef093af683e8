internal import TriggerPipeline

/// The page `/metrics`: every number of a status that belongs into a time series. The numbers of
/// its parts are declared beside them, as figures. Here are those that belong to no single part.
///
/// Names follow Prometheus' conventions: base units, `_total` for what only rises, labels from
/// bounded sets.
package func metricsPage(of status: DaemonStatus) -> PrometheusText {
  var page = PrometheusText()
  page.addLife(of: status)
  page.add(LedgerFacts.Source.figures, ofEach: status.ledger.sources, by: "source") { $0.name }
  page.add(LedgerFacts.figures, of: status.ledger)
  page.add(RingFacts.figures, of: status.ring)
  page.add(DecisionFacts.figures, of: status.decisions)
  page.add(PointFacts.figures, ofEach: status.points, by: "working_point") { $0.name }
  page.gauge(
    "tamis_arms_generation", help: "1 for the first model and calibration, 1 more a switch.",
    MetricValue(status.generation.number))
  page.add(FloodFacts.figures, of: status.flood)
  page.addOverlaps(of: status.points)
  if let prescales = status.prescales { page.add(PrescaleFacts.figures, of: prescales) }
  if let screen = status.screen { page.add(ScreenFacts.figures, of: screen) }
  if let shadow = status.shadow { page.add(shadow) }
  page.add(ReloadFacts.figures, of: status.reloads)
  page.add(JournalFacts.figures, of: status)
  page.add(OutputFacts.figures, of: status.output)
  if let connections = status.connections { page.add(connections) }
  if let catchUp = status.catchUp { page.add(CatchUpFacts.figures, of: catchUp) }
  if let drift = status.drift { page.add(drift) }
  if let process = status.process { page.add(ProcessFacts.figures, of: process) }
  return page
}

extension PrometheusText {
  fileprivate mutating func addLife(of status: DaemonStatus) {
    gauge(
      "tamis_build_info", help: "What runs; the value is always 1.",
      [
        MetricSample(
          [
            "version": status.build.version, "isa": status.build.instructionSet,
            "model": status.generation.modelSHA256,
            "calibration": status.generation.calibrationSHA256,
          ], 1)
      ])
    gauge(
      "tamis_healthy", help: "1 while the pipeline makes progress or idles soundly.",
      health(of: status).isGood ? 1 : 0)
    gauge(
      "tamis_ready", help: "1 while events that come now are decided and kept.",
      readiness(of: status).isGood ? 1 : 0)
  }

  /// Of each two working points in force.
  fileprivate mutating func addOverlaps(of points: [PointFacts]) {
    let names = points.map(\.name)
    let samples = points.enumerated().flatMap { index, point in
      point.firedWith.compactMap { other -> MetricSample? in
        guard let place = names.firstIndex(of: other.name), place > index else { return nil }
        return MetricSample(
          ["working_point": point.name, "with": other.name], MetricValue(other.count))
      }
    }
    if samples.isEmpty { return }
    counter(
      "tamis_events_fired_together_total",
      help: "Events above the thresholds of two working points, before prescales.", samples)
  }

  fileprivate mutating func add(_ shadow: ShadowFacts) {
    gauge(
      "tamis_shadow_info", help: "What scores beside the live model; the value is always 1.",
      [
        MetricSample(
          [
            "model": shadow.generation.modelSHA256,
            "calibration": shadow.generation.calibrationSHA256,
          ], 1)
      ])
    add(ShadowFacts.figures, of: shadow)
  }

  fileprivate mutating func add(_ connections: ConnectionFacts) {
    func byReason(_ failures: [ConnectionFacts.Failure]) -> [MetricSample] {
      failures.map {
        MetricSample(["socket": $0.socket, "reason": $0.reason], MetricValue($0.count))
      }
    }
    add(ConnectionFacts.Socket.figures, ofEach: connections.sockets, by: "socket") { $0.name }
    counter(
      "tamis_handshakes_failed_total",
      help: "Connections that failed to identify themselves, by socket and reason.",
      byReason(connections.failures))
    counter(
      "tamis_connections_cut_total",
      help: "Connections that were cut off, by socket and reason.",
      byReason(connections.cuts))
  }

  fileprivate mutating func add(_ drift: DriftFacts) {
    add(DriftFacts.Check.figures, ofEach: drift.checks, by: "check") { $0.name }
    guard drift.features.count <= DriftFacts.featureCountMax else { return }
    add(DriftFacts.Feature.figures, ofEach: drift.features, by: "feature") { $0.name }
  }
}
