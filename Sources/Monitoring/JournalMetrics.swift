internal import EventRecords
internal import TriggerPipeline

/// Adds what the journal holds, the room it has, and what consumers have asked for of it.
func addJournal(of pipeline: TriggerPipeline, to page: inout PrometheusText) {
  let journal = pipeline.journalState
  func gauge(_ name: String, _ help: String, _ counter: EventCounter) {
    page.gauge(name, help: help, [MetricSample([:], MetricValue(counter.value))])
  }
  gauge("tamis_journal_segments", "Segment files of the journal.", journal.segments)
  gauge("tamis_journal_size_bytes", "Bytes in the journal's segments.", journal.byteCount)
  gauge(
    "tamis_journal_free_bytes", "Bytes left on the journal's file system.",
    journal.freeByteCount)
  gauge(
    "tamis_journal_space_low", "1 while less than journal.free_bytes_min is free.",
    journal.spaceLow)
  gauge(
    "tamis_journal_retention_held",
    "1 while the journal exceeds its limits because what would go was not published.",
    journal.retentionHeld)
  gauge(
    "tamis_journal_oldest_number", "Lowest record number in the journal; 0 while it is empty.",
    journal.oldestNumber)
  gauge(
    "tamis_journal_last_number", "Highest record number ever journaled.", journal.lastNumber)
  gauge(
    "tamis_journal_published_number", "Number of the last record published.",
    journal.publishedNumber)
  page.counter(
    "tamis_journal_records_deleted_total",
    help: "Records deleted by retention, by whether they were published.",
    [
      MetricSample(["published": "true"], MetricValue(journal.deletedPublished.value)),
      MetricSample(["published": "false"], MetricValue(journal.deletedUnpublished.value)),
    ])
  addCatchUp(pipeline.catchUpCounters, to: &page)
}

private func addCatchUp(_ counters: CatchUpCounters, to page: inout PrometheusText) {
  func counter(_ name: String, _ help: String, _ counter: EventCounter) {
    page.counter(name, help: help, [MetricSample([:], MetricValue(counter.value))])
  }
  page.counter(
    "tamis_catch_up_requests_total", help: "Requests for records by number, by result.",
    CatchUpStatus.allCases.map {
      MetricSample(["result": $0.label], MetricValue(counters.requests($0).value))
    })
  counter(
    "tamis_catch_up_unanswered_total",
    "Replies that could not be handed over: the asker was gone, or does not read.",
    counters.unanswered)
  counter("tamis_catch_up_records_total", "Records sent in replies.", counters.records)
  counter(
    "tamis_catch_up_unreadable_total",
    "Records asked for and left out because they are damaged on disk.", counters.unreadable)
}
