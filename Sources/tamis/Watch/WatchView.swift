internal import StrictJSON

/// A status as lines of a terminal.
struct WatchView {
  let status: JSONValue
  let url: String
  let width: Int
  /// Longer names are shortened in a line that would be too long.
  private static let nameWidthMax = 24
  private typealias N = WatchNumbers

  /// A view `width` characters wide.
  init(_ status: JSONValue, url: String, width: Int) {
    self.status = status
    self.url = url
    self.width = max(40, width)
  }

  /// All lines, the most important first.
  var lines: [StyledLine] {
    [heading] + alarms(isShort: false) + [StyledLine()] + stream + [StyledLine()]
      + workingPoints(isShort: false) + [StyledLine()] + ledger + keeping + change + [StyledLine()]
      + because + flags + strangest
      + generation
  }

  var heading: StyledLine {
    var line = StyledLine()
    switch status["state"].string {
    case "ok": line.add(" OK ", .good)
    case "warning": line.add(" WARNING ", .warning)
    default: line.add(" ALARM ", .alarm)
    }
    line.add("  tamisd instance \(N.whole(status["build"]["instance"]))", .strong)
    let more: [(text: String, style: StyledLine.Style)] = [
      (N.dated(status["time"].number), .plain), (status["life"]["phase"].string ?? "", .plain),
      ("up \(N.seconds(status["build"]["uptime_seconds"].number))", .plain), (url, .soft),
    ]
    for each in more where line.characterCount + 2 + each.text.count <= width {
      line.add("  \(each.text)", each.style)
    }
    return line
  }

  /// One line each where they are to be short, else whole sentences.
  func alarms(isShort: Bool) -> [StyledLine] {
    status["alarms"].list.flatMap { alarm in
      var line = StyledLine()
      let severity = alarm["severity"].string ?? ""
      line.add(" \(severity) ", severity == "critical" ? .alarm : .warning)
      line.add(" \(alarm["name"].string ?? "")", .strong)
      line.add(" since \(N.clock(alarm["since"].number)):")
      let sentence = alarm["sentence"].string ?? ""
      if isShort {
        var short = StyledLine()
        short.add(" \(severity) ", severity == "critical" ? .alarm : .warning)
        short.add(" \(Self.shortened(sentence, to: width - short.characterCount - 1))")
        return [short]
      }
      if line.characterCount + 1 + sentence.count > width {
        let words = sentence.split(separator: " ").map(String.init)
        return [line] + wrapped("", words, separator: " ", width: width)
      }
      line.add(" \(sentence)")
      return [line]
    }
  }

  /// The whole words of `text` that fit, and dots where there are more. Long names are shortened before,
  /// so that the numbers behind them are there.
  private static func shortened(_ whole: String, to room: Int) -> String {
    if whole.count <= room { return whole }
    let text = whole.split(separator: " ", omittingEmptySubsequences: false)
      .map { String($0).isNumeral ? String($0) : String($0).elided(to: nameWidthMax) }
      .joined(separator: " ")
    if text.count <= room { return text }
    let fitting = text.prefix(max(0, room - 3))
    return "\(fitting[..<(fitting.lastIndex(of: " ") ?? fitting.endIndex)]) ..."
  }

  var stream: [StyledLine] {
    let (now, recent, life) = (status["now"], status["recent"], status["life"])
    let silence = life["since_event_seconds"].number
    let last = silence.map { $0 < 2 ? "now" : "\(N.seconds($0)) ago" } ?? "none yet"
    let span = N.seconds(recent["seconds"].number)
    return wrapped(
      "events",
      [
        "\(N.short(now["received_per_second"].number)) /s",
        "lost \(N.whole(recent["lost"])) in \(span)",
        "refused \(N.whole(recent["rejected"]))",
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

  var ledger: [StyledLine] {
    let ledger = status["ledger"]
    let parts = ["received", "scored", "rejected", "shed"].map { ledger[$0].number ?? 0 }
    let open = max(0, parts[0] - parts[1] - parts[2] - parts[3])
    let reasons = ledger["rejected_by_reason"].members.filter { ($0.value.number ?? 0) > 0 }
    return wrapped(
      "ledger",
      [
        "received \(N.whole(ledger["received"]))", "= scored \(N.whole(ledger["scored"]))",
        "+ refused \(N.whole(ledger["rejected"]))", "+ shed \(N.whole(ledger["shed"]))",
        "+ on the way \(N.whole(open))",
      ], separator: " ", width: width)
      + wrapped(
        "",
        ledger["by_source"].list.filter { ($0["received"].number ?? 0) > 0 }.map {
          "source \($0["source"].string ?? ""): \(N.whole($0["received"])) received, "
            + "\(N.whole($0["lost"])) lost, \(N.whole($0["late"])) late"
        }, separator: "; ", width: width)
      + (reasons.isEmpty
        ? []
        : wrapped(
          "refused", reasons.map { "\($0.name) \(N.whole($0.value))" }, separator: ", ",
          width: width))
  }

  var keeping: [StyledLine] { journal + output }

  var journal: [StyledLine] {
    let journal = status["journal"]
    var facts = [
      journal["stalled"].isTrue
        ? "STALLED: \(status["life"]["stall_reason"].string ?? "")" : "written",
      N.counted(journal["records"], "record"), N.bytes(journal["bytes"].number),
      "lag \(N.seconds(journal["lag_seconds"].number))",
    ]
    if journal["segments"].isThere {
      facts += [
        N.counted(journal["segments"], "segment"),
        "\(N.bytes(journal["free_bytes"].number)) left on disk",
      ]
    }
    return wrapped("journal", facts, separator: ", ", width: width)
  }

  var output: [StyledLine] {
    let output = status["output"]
    return wrapped(
      "output",
      output["published"].members.map { "\($0.name) \(N.whole($0.value))" } + [
        "waiting \(N.whole(output["waiting"]))",
        "given up \(N.whole(output["abandoned"]))",
        "subscriptions \(N.whole(output["subscribers"]))",
      ], separator: ", ", width: width)
  }
}
