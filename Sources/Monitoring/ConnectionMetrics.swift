internal import TriggerPipeline
internal import ZeroMQ

/// The connections of each socket, and the peers that did not get in. Every reason is there from the
/// start, so that a rate over it is right at its first occurrence.
func addConnections(of pipeline: TriggerPipeline, to page: inout PrometheusText) {
  let sockets = pipeline.connections.map { (name: $0.socket, figures: $0.figures) }
  page.gauge(
    "tamis_connections", help: "Open connections, those that still shake hands included.",
    sockets.map { MetricSample(["socket": $0.name], MetricValue($0.figures.open)) })
  page.counter(
    "tamis_handshakes_total", help: "Handshakes with peers that succeeded.",
    sockets.map { MetricSample(["socket": $0.name], MetricValue($0.figures.accepted)) })
  page.counter(
    "tamis_handshakes_failed_total", help: "Handshakes with peers that failed, by reason.",
    sockets.flatMap { socket in
      HandshakeFailure.Reason.allCases.map { reason in
        MetricSample(
          ["socket": socket.name, "reason": reason.rawValue],
          MetricValue(socket.figures.failed[reason] ?? 0))
      }
    })
}
