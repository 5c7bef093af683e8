/// The metrics of journal, output, catch-up and connections.
extension PrometheusText {
  mutating func addJournal(of status: DaemonStatus) {
    let journal = status.journal
    counter(
      "tamis_records_journaled_total", help: "Flagged records written to the journal.",
      MetricValue(journal.records))
    counter(
      "tamis_journal_bytes_total", help: "Bytes written to the journal.",
      MetricValue(journal.bytes))
    counter(
      "tamis_journal_failures_total", help: "Attempts to write the journal that failed.",
      MetricValue(journal.failures))
    gauge(
      "tamis_journal_stalled", help: "1 while the journal cannot be written.",
      truth(status.life.stallReason != nil))
    gauge(
      "tamis_journal_lag_seconds",
      help: "Age of the oldest record that is not yet on the disk itself; 0 while there is none.",
      MetricValue(journal.lagSeconds))
    guard let storage = journal.storage else { return }
    gauge(
      "tamis_journal_segments", help: "Segments of the journal, the open one included.",
      MetricValue(storage.segments))
    gauge(
      "tamis_journal_size_bytes", help: "Size of all segments.", MetricValue(storage.sizeBytes))
    gauge(
      "tamis_journal_free_bytes", help: "What the journal's file system has left.",
      MetricValue(storage.freeBytes))
    gauge(
      "tamis_journal_oldest_number", help: "Number of the oldest record that is still there.",
      MetricValue(storage.oldestNumber))
    gauge(
      "tamis_journal_last_number", help: "Highest record number ever journaled.",
      MetricValue(storage.lastNumber))
    gauge(
      "tamis_journal_published_number", help: "Number of the last record published.",
      MetricValue(storage.publishedNumber))
    gauge(
      "tamis_journal_clock_suspect",
      help: "1 while the system's clock is far off what has passed since the start.",
      MetricValue(UInt64(storage.isClockSuspect ? 1 : 0)))
    gauge(
      "tamis_journal_space_low", help: "1 while less than journal.free_bytes_min is free.",
      truth(storage.isSpaceLow))
    gauge(
      "tamis_journal_retention_held",
      help: "1 while the journal exceeds its limits because what would go was not published.",
      truth(storage.isRetentionHeld))
    counter(
      "tamis_journal_records_deleted_total",
      help: "Records deleted by rotation, by whether they had been published.",
      [
        MetricSample(["published": "true"], MetricValue(storage.deletedPublished)),
        MetricSample(["published": "false"], MetricValue(storage.deletedUnpublished)),
      ])
  }

  mutating func addOutput(of status: DaemonStatus) {
    let output = status.output
    counter(
      "tamis_records_published_total", help: "Records handed to the output socket, by topic.",
      [
        MetricSample(["topic": "flagged"], MetricValue(output.publishedFlagged)),
        MetricSample(["topic": "unbiased"], MetricValue(output.publishedUnbiased)),
        MetricSample(["topic": "unflagged"], MetricValue(output.publishedUnflagged)),
      ])
    gauge(
      "tamis_records_waiting", help: "Journaled records that wait for the output.",
      MetricValue(output.waiting))
    counter(
      "tamis_records_abandoned_total", help: "Kept events that could not be journaled.",
      MetricValue(output.abandoned))
    counter(
      "tamis_output_blocked_total", help: "Sends that the output could not take.",
      MetricValue(output.blocked))
    gauge(
      "tamis_output_subscribers", help: "Topics of a PUB output that somebody is subscribed to.",
      MetricValue(output.subscribers))
    counter(
      "tamis_records_repeated_total",
      help: "Records sent again, since it was not certain that they had arrived.",
      MetricValue(output.repeated))
  }

  mutating func addConnections(of status: DaemonStatus) {
    guard let connections = status.connections else { return }
    gauge(
      "tamis_connections", help: "Connections established, by socket.",
      connections.sockets.map { MetricSample(["socket": $0.name], MetricValue($0.established)) })
    counter(
      "tamis_handshakes_total", help: "Handshakes with peers that succeeded.",
      connections.sockets.map { MetricSample(["socket": $0.name], MetricValue($0.accepted)) })
    counter(
      "tamis_handshakes_failed_total",
      help: "Connections that failed to identify themselves, by socket and reason.",
      connections.failures.map {
        MetricSample(["socket": $0.socket, "reason": $0.reason], MetricValue($0.count))
      })
    counter(
      "tamis_connections_cut_total",
      help: "Connections cut off since they took what is not their share, by socket and reason.",
      connections.cuts.map {
        MetricSample(["socket": $0.socket, "reason": $0.reason], MetricValue($0.count))
      })
  }

  mutating func addCatchUp(of status: DaemonStatus) {
    guard let catchUp = status.catchUp else { return }
    counter(
      "tamis_catch_up_requests_total", help: "Requests for records of the past, by result.",
      catchUp.requests.map { MetricSample(["result": $0.result], MetricValue($0.count)) })
    counter(
      "tamis_catch_up_records_total", help: "Records of the past that were sent.",
      MetricValue(catchUp.records))
    counter(
      "tamis_catch_up_unanswered_total",
      help: "Replies that could not be handed over: the asker was gone, or does not read.",
      MetricValue(catchUp.unanswered))
    counter(
      "tamis_catch_up_unreadable_total",
      help: "Records asked for and left out because they are damaged on the disk.",
      MetricValue(catchUp.unreadable))
  }
}
