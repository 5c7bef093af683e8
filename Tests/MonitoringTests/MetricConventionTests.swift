internal import Monitoring
internal import Testing

/// What Prometheus asks of names and pages, for every metric there is.
@Suite struct MetricConventionTests {
  private struct Family {
    var name: String
    var kind = ""
    var help = ""
    var samples: [String] = []
  }

  /// The page taken apart.
  private func families() throws -> [Family] {
    let page = String(decoding: metricsPage(of: .fixedWithAlarms).bytes, as: UTF8.self)
    var families: [Family] = []
    for line in page.split(separator: "\n") {
      let words = line.split(separator: " ", maxSplits: 3).map(String.init)
      if line.hasPrefix("# HELP ") {
        families.append(Family(name: words[2], help: words[3]))
      } else if line.hasPrefix("# TYPE ") {
        #expect(families.last?.name == words[2])
        families[families.count - 1].kind = words[3]
      } else {
        families[families.count - 1].samples.append(String(line))
      }
    }
    return families
  }

  @Test func namesAreUniqueAndSaidWhatTheyAre() throws {
    let families = try families()
    #expect(Set(families.map(\.name)).count == families.count)
    for family in families {
      #expect(family.help.hasSuffix("."), "\(family.name): help is a sentence")
      #expect(!family.samples.isEmpty, "\(family.name) has samples")
      #expect(family.name.hasPrefix("tamis_") || family.name.hasPrefix("process_"))
      #expect(family.kind == "counter" || !family.name.hasSuffix("_total"))
      for sample in family.samples { #expect(sample.hasPrefix(family.name)) }
    }
  }

  @Test func unitsAreBaseUnits() throws {
    let others = [
      "_ms", "_ns", "_us", "_milliseconds", "_minutes", "_hours", "_kb", "_mb", "_percent",
      "_count",
    ]
    for family in try families() {
      let stem =
        family.name.hasSuffix("_total") ? String(family.name.dropLast(6)) : family.name
      for unit in others { #expect(!stem.hasSuffix(unit), "\(family.name)") }
    }
  }

  /// The names that rules, boards and operators hold on to.
  @Test(arguments: [
    "tamis_events_fired_total{working_point=\"loose\"}", "tamis_realised_fpr{working_point=",
    "tamis_realised_fpr_lower{working_point=", "tamis_realised_fpr_upper{working_point=",
    "tamis_flood_prescale", "tamis_events_flood_suppressed_total",
    "tamis_shadow_events_total{decision=\"live_only\"}", "tamis_shadow_info{model=",
    "tamis_arms_generation", "tamis_reloads_total{result=\"refused\"}",
    "tamis_last_reload_successful", "tamis_last_reload_timestamp_seconds",
    "tamis_batch_events_bucket{le=", "tamis_journal_lag_seconds", "tamis_journal_segments",
    "tamis_journal_size_bytes", "tamis_journal_free_bytes", "tamis_journal_oldest_number",
    "tamis_journal_records_deleted_total{published=\"false\"}",
    "tamis_catch_up_requests_total{result=", "tamis_catch_up_records_total",
    "tamis_connections{socket=", "tamis_handshakes_failed_total{socket=\"input\",reason=",
    "tamis_drift_alarm{check=", "tamis_drift_statistic{check=", "tamis_drift_limit{check=",
    "tamis_drift_alarms_total{check=", "tamis_drift_windows_total{check=",
    "tamis_drift_feature_deviation{feature=", "tamis_ready", "tamis_healthy",
    "process_resident_memory_bytes", "process_cpu_seconds_total", "process_open_fds",
    "process_max_fds", "process_start_time_seconds",
    "tamis_build_info{version=\"0.1.0\",isa=\"avx512\",model=\"3f",
  ])
  func namesStay(beginning: String) throws {
    let samples = try families().flatMap(\.samples)
    #expect(samples.contains { $0.hasPrefix(beginning) })
  }
}
