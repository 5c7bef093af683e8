internal import TriggerPipeline

/// The page `/metrics`: every number of a status that belongs into a time series.
///
/// Names follow Prometheus' conventions: base units, `_total` for what only rises, labels from
/// bounded sets.
public func metricsPage(of status: DaemonStatus) -> PrometheusText {
  var page = PrometheusText()
  page.addLife(of: status)
  page.addLedger(of: status)
  page.addDecisions(of: status)
  page.addPoints(of: status)
  page.addFlood(of: status)
  page.addScreen(of: status)
  page.addShadow(of: status)
  page.addReloads(of: status)
  page.addJournal(of: status)
  page.addOutput(of: status)
  page.addConnections(of: status)
  page.addCatchUp(of: status)
  page.addDrift(of: status)
  page.addProcess(of: status)
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
      truth(health(of: status).isGood))
    gauge(
      "tamis_ready", help: "1 while the daemon is armed and connected.",
      truth(readiness(of: status).isGood))
  }

  fileprivate mutating func addLedger(of status: DaemonStatus) {
    let ledger = status.ledger
    func bySource(_ value: (LedgerFacts.Source) -> UInt64) -> [MetricSample] {
      ledger.sources.map { MetricSample(["source": $0.name], MetricValue(value($0))) }
    }
    counter(
      "tamis_events_received_total", help: "Events received and records refused.",
      bySource(\.received))
    counter(
      "tamis_events_lost_total", help: "Records missed, by gaps in the senders' sequences.",
      bySource(\.lost))
    counter(
      "tamis_events_elsewhere_total",
      help: "Records of a shared stream that did not come here: another daemon has them, or none.",
      bySource(\.elsewhere))
    counter(
      "tamis_events_late_total", help: "Records that filled a gap already counted as lost.",
      bySource(\.late))
    counter(
      "tamis_events_rejected_total", help: "Records and messages refused, by reason.",
      ledger.refusals.map {
        MetricSample(["reason": $0.name], MetricValue($0.count))
      })
    counter(
      "tamis_events_scored_total", help: "Events that got a score.", MetricValue(ledger.scored))
    counter(
      "tamis_events_shed_total", help: "Events given up at the end of the daemon.",
      MetricValue(ledger.shed))
    counter(
      "tamis_control_records_total", help: "Control records received.",
      zip(LedgerFacts.controlNames, ledger.controlRecords).map {
        MetricSample(["kind": $0], MetricValue($1))
      })
    counter(
      "tamis_messages_received_total", help: "Messages received.", MetricValue(ledger.messages))
    counter(
      "tamis_ledger_faults_total", help: "Run ledgers whose sums did not agree.",
      MetricValue(ledger.faults))
    counter(
      "tamis_input_blocked_seconds_total",
      help: "Time that input waited because the ring was full.", seconds(ledger.inputBlockedNs))
    gauge(
      "tamis_last_event_timestamp_seconds", help: "When the last decided event was received.",
      seconds(ledger.lastEventNs))
    gauge(
      "tamis_ring_records", help: "Records between input and output.",
      MetricValue(status.ring.records))
    gauge(
      "tamis_ring_capacity_records", help: "Records that fit between input and output.",
      MetricValue(status.ring.capacity))
  }

  fileprivate mutating func addProcess(of status: DaemonStatus) {
    guard let process = status.process else { return }
    counter(
      "process_cpu_seconds_total", help: "Processor time in user and kernel mode.",
      MetricValue(process.cpuSeconds))
    gauge(
      "process_resident_memory_bytes", help: "Memory in RAM.",
      MetricValue(process.residentBytes))
    gauge("process_open_fds", help: "Open file descriptors.", MetricValue(process.openDescriptors))
    if let most = process.maxDescriptors {
      gauge("process_max_fds", help: "File descriptors it may open.", MetricValue(most))
    }
    gauge(
      "process_start_time_seconds", help: "When the process began, since the epoch.",
      MetricValue(process.startSeconds))
  }
}

func truth(_ isTrue: Bool) -> MetricValue { isTrue ? 1 : 0 }

func seconds(_ nanoseconds: UInt64) -> MetricValue { MetricValue(Double(nanoseconds) * 1e-9) }
