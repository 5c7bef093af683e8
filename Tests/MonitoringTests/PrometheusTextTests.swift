internal import Monitoring
internal import Testing

@Suite struct PrometheusTextTests {
  /// A page with one of each, byte for byte. promtool accepts it.
  @Test func wholePage() {
    var page = PrometheusText()
    page.counter(
      "tamis_events_received_total", help: "Event records received.",
      [
        MetricSample(["source": "1"], MetricValue(UInt64.max)),
        MetricSample(["source": "2"], 0),
      ])
    page.counter(
      "tamis_events_scored_total", help: "Events scored.",
      [MetricSample(1_000_000_000_000_000_000)])
    page.gauge(
      "tamis_threshold", help: "Score above which an event fires.",
      [MetricSample(["working_point": "nominal"], MetricValue(931.2249 as Float))])
    page.gauge(
      "tamis_build_info", help: "What runs.",
      [MetricSample(["version": "0.1.0", "isa": "avx2"], 1)])
    page.histogram(
      "tamis_decision_latency_seconds", help: "From receipt to decision.",
      [
        HistogramSample(upperBounds: [1e-05, 0.001, 2.5], counts: [1, 0, 5, 2], sum: 12.25)
      ])
    #expect(
      String(decoding: page.bytes, as: UTF8.self) == """
        # HELP tamis_events_received_total Event records received.
        # TYPE tamis_events_received_total counter
        tamis_events_received_total{source="1"} 18446744073709551615
        tamis_events_received_total{source="2"} 0
        # HELP tamis_events_scored_total Events scored.
        # TYPE tamis_events_scored_total counter
        tamis_events_scored_total 1000000000000000000
        # HELP tamis_threshold Score above which an event fires.
        # TYPE tamis_threshold gauge
        tamis_threshold{working_point="nominal"} 931.2249
        # HELP tamis_build_info What runs.
        # TYPE tamis_build_info gauge
        tamis_build_info{version="0.1.0",isa="avx2"} 1
        # HELP tamis_decision_latency_seconds From receipt to decision.
        # TYPE tamis_decision_latency_seconds histogram
        tamis_decision_latency_seconds_bucket{le="1e-05"} 1
        tamis_decision_latency_seconds_bucket{le="0.001"} 1
        tamis_decision_latency_seconds_bucket{le="2.5"} 6
        tamis_decision_latency_seconds_bucket{le="+Inf"} 8
        tamis_decision_latency_seconds_sum 12.25
        tamis_decision_latency_seconds_count 8

        """)
  }

  @Test func labelsAndHelpAreEscaped() {
    var page = PrometheusText()
    page.gauge(
      "g", help: "a \"b\" \\ c\nd",
      [MetricSample(["l": "a \"b\" \\ c\nd é"], 1)])
    #expect(
      String(decoding: page.bytes, as: UTF8.self)
        == "# HELP g a \"b\" \\\\ c\\nd\n# TYPE g gauge\ng{l=\"a \\\"b\\\" \\\\ c\\nd é\"} 1\n")
  }

  @Test func histogramsKeepTheirLabelsAheadOfLe() {
    var page = PrometheusText()
    page.histogram(
      "h", help: "h",
      [
        HistogramSample(["w": "a"], upperBounds: [1], counts: [2, 3], sum: 9),
        HistogramSample(["w": "b"], upperBounds: [], counts: [4], sum: .nan),
      ])
    #expect(
      String(decoding: page.bytes, as: UTF8.self) == """
        # HELP h h
        # TYPE h histogram
        h_bucket{w="a",le="1"} 2
        h_bucket{w="a",le="+Inf"} 5
        h_sum{w="a"} 9
        h_count{w="a"} 5
        h_bucket{w="b",le="+Inf"} 4
        h_sum{w="b"} NaN
        h_count{w="b"} 4

        """)
  }

  @Test func familyWithoutSamplesKeepsItsHead() {
    var page = PrometheusText()
    page.counter("a_total", help: "a", [])
    #expect(
      String(decoding: page.bytes, as: UTF8.self) == "# HELP a_total a\n# TYPE a_total counter\n")
  }

  @Test(arguments: [
    (0.0, "0"), (-0.0, "-0"), (1, "1"), (0.1, "0.1"), (1e-7, "1e-07"), (1e15, "1000000000000000"),
    (1e16, "1e+16"), (1e300, "1e+300"), (1.0 / 3, "0.3333333333333333"), (.infinity, "+Inf"),
    (-.infinity, "-Inf"), (.nan, "NaN"), (.greatestFiniteMagnitude, "1.7976931348623157e+308"),
    (.leastNonzeroMagnitude, "5e-324"),
  ])
  func doublesAreShortest(value: Double, text: String) {
    #expect(MetricValue(value).text == text)
  }

  @Test func doublesReadBack() {
    var state: UInt64 = 7
    for _ in 0..<10_000 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let value = Double(bitPattern: state)
      if value.isFinite { #expect(Double(MetricValue(value).text) == value) }
    }
  }
}
