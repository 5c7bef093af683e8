internal import StrictJSON

/// A status as lines of a terminal.
struct WatchView {
  let status: JSONValue
  let url: String
  let width: Int
  private typealias N = WatchNumbers

  /// A view `width` characters wide.
  init(_ status: JSONValue, url: String, width: Int) {
    self.status = status
    self.url = url
    self.width = max(40, width)
  }

  /// All of it, what matters most first.
  var lines: [StyledLine] {
    [heading] + alarms + [StyledLine()] + stream + [StyledLine()] + workingPoints + [StyledLine()]
      + ledger + keeping + change + [StyledLine()] + flags + arms
  }

  private var heading: StyledLine {
    var line = StyledLine()
    switch status["state"].string {
    case "ok": line.add(" OK ", .good)
    case "warning": line.add(" WARNING ", .warning)
    default: line.add(" ALARM ", .alarm)
    }
    line.add("  tamisd instance \(N.whole(status["build"]["instance"].number))", .strong)
    line.add(
      "  \(N.dated(status["time"].number))"
        + "  up \(N.seconds(status["build"]["uptime_seconds"].number))"
        + "  \(status["life"]["phase"].string ?? "")")
    line.add("  \(url)", .soft)
    return line
  }

  private var alarms: [StyledLine] {
    status["alarms"].list.flatMap { alarm in
      var line = StyledLine()
      let severity = alarm["severity"].string ?? ""
      line.add(
        " \(severity) ", severity == "critical" ? .alarm : severity == "warning" ? .warning : .soft)
      line.add(" \(alarm["name"].string ?? "")", .strong)
      line.add(" since \(N.clock(alarm["since"].number)):")
      let sentence = alarm["sentence"].string ?? ""
      if line.characterCount + 1 + sentence.count > width {
        let words = sentence.split(separator: " ").map(String.init)
        return [line] + wrapped("", words, separator: " ", width: width)
      }
      line.add(" \(sentence)")
      return [line]
    }
  }

  private var stream: [StyledLine] {
    let (now, recent, life) = (status["now"], status["recent"], status["life"])
    let silence = life["since_event_seconds"].number
    let last = silence.map { $0 < 2 ? "now" : "\(N.seconds($0)) ago" } ?? "none yet"
    let span = N.seconds(recent["seconds"].number)
    return wrapped(
      "events",
      [
        "\(N.short(now["received_per_second"].number)) /s",
        "lost \(N.whole(recent["lost"].number)) in \(span)",
        "refused \(N.whole(recent["rejected"].number))",
        "dead time \(N.percent(now["dead_time_ratio"].number))",
        "last event \(last)",
      ], separator: "   ", width: width)
      + wrapped(
        "latency",
        [
          "half within \(N.seconds(recent["latency_p50_seconds"].number))",
          "99 % within \(N.seconds(recent["latency_p99_seconds"].number))",
          "ring \(N.percent(ringFill))",
        ], separator: "   ", width: width)
  }

  private var ringFill: Double? {
    guard let records = status["ring"]["records"].number,
      let capacity = status["ring"]["capacity"].number, capacity > 0
    else { return nil }
    return records / capacity
  }

  private var ledger: [StyledLine] {
    let ledger = status["ledger"]
    let parts = ["received", "scored", "rejected", "shed"].map { ledger[$0].number ?? 0 }
    let open = max(0, parts[0] - parts[1] - parts[2] - parts[3])
    let reasons = ledger["rejected_by_reason"].members.filter { ($0.value.number ?? 0) > 0 }
    return wrapped(
      "ledger",
      [
        "received \(N.whole(parts[0]))", "= scored \(N.whole(parts[1]))",
        "+ refused \(N.whole(parts[2]))", "+ shed \(N.whole(parts[3]))",
        "+ on the way \(N.whole(open))",
      ], separator: " ", width: width)
      + wrapped(
        "",
        ledger["by_source"].list.filter { ($0["received"].number ?? 0) > 0 }.map {
          "source \($0["source"].string ?? ""): \(N.whole($0["received"].number)) received, "
            + "\(N.whole($0["lost"].number)) lost, \(N.whole($0["late"].number)) late"
        }, separator: "; ", width: width)
      + (reasons.isEmpty
        ? []
        : wrapped(
          "refused", reasons.map { "\($0.name) \(N.whole($0.value.number))" }, separator: ", ",
          width: width))
  }

  private var keeping: [StyledLine] {
    let (journal, output) = (status["journal"], status["output"])
    var facts = [
      journal["stalled"].isTrue
        ? "STALLED: \(status["life"]["stall_reason"].string ?? "")" : "written",
      "\(N.whole(journal["records"].number)) records", N.bytes(journal["bytes"].number),
      "lag \(N.seconds(journal["lag_seconds"].number))",
    ]
    if journal["segments"].isThere {
      facts += [
        "\(N.whole(journal["segments"].number)) segments",
        "\(N.bytes(journal["free_bytes"].number)) left on disk",
      ]
    }
    return wrapped("journal", facts, separator: ", ", width: width)
      + wrapped(
        "output",
        output["published"].members.map { "\($0.name) \(N.whole($0.value.number))" } + [
          "waiting \(N.whole(output["waiting"].number))",
          "given up \(N.whole(output["abandoned"].number))",
          "subscriptions \(N.whole(output["subscribers"].number))",
        ], separator: ", ", width: width)
  }
}
