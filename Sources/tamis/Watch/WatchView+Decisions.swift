internal import Calibration
internal import Drift
internal import StrictJSON

/// Working points, what has changed, and what was flagged.
extension WatchView {
  private typealias N = WatchNumbers

  func workingPoints(isShort: Bool) -> [StyledLine] {
    let points = status["working_points"].list.filter { $0["armed"].isTrue }
    let rateCheck =
      status["drift"]["checks"].list.first {
        $0["check"].string == DriftCheck.Name.flaggedRate.rawValue
      } ?? .null
    let table = WorkingPointTable(points, rateCheck: rateCheck, width: width)
      .lines(isShort: isShort)
    if isShort || points.isEmpty { return table }
    // The columns count different things, which is seen where a reload or prescales keep them apart.
    let hasQuiet = points.contains { $0["side"].string == ScoreSide.low.rawValue }
    return table
      + wrapped(
        "",
        [
          "realised: fired over scored since generation \(N.whole(status["arms"]["generation"]))",
          "flagged: kept since start, after prescales",
        ] + (hasQuiet ? ["<: flags low scores"] : []), separator: "; ", width: width)
  }

  var change: [StyledLine] {
    var lines: [StyledLine] = []
    let (drift, screen, shadow) = (status["drift"], status["screen"], status["shadow"])
    if drift.isThere {
      // What is out of bounds comes first: a small terminal has room for one line.
      let checks = drift["checks"].list
      let ordered = checks.filter { $0["alarm"].isTrue } + checks.filter { !$0["alarm"].isTrue }
      lines += wrapped(
        "drift",
        ordered.map { check in
          let state =
            check["windows"].number == 0
            ? "waiting" : check["alarm"].isTrue ? Self.beyond(check) : "within"
          // A window was judged, and what it has is beyond the range of a number.
          let isBeyond = state != "waiting" && !check["statistic"].isThere
          let statistic = isBeyond ? "inf" : N.short(check["statistic"].number)
          return "\(check["check"].string ?? "") \(statistic) "
            + "(limit \(N.short(check["limit"].number))) \(state)"
        }, separator: ", ", width: width)
    }
    if let prescale = status["flood"]["prescale"].number, prescale > 1 {
      lines.append(
        StyledLine(
          label: "flood",
          "one in \(N.whole(prescale)) kept, \(N.whole(status["flood"]["suppressed"])) "
            + "suppressed"))
    }
    if screen.isThere {
      lines.append(
        StyledLine(
          label: "screen",
          "\(N.whole(screen["disagreements"])) of \(N.whole(screen["audited"])) "
            + "audited events disagreed since start"))
    }
    if shadow.isThere {
      lines += wrapped(
        "shadow",
        shadow["events"].members.map { "\($0.name) \(N.whole($0.value))" } + ["since start"],
        separator: ", ", width: width)
    }
    return lines
  }

  /// An alarm that is up although the last window is within the limit: three quiet ones clear it.
  private static func beyond(_ check: JSONValue) -> String {
    let isAbove = (check["statistic"].number ?? .infinity) > (check["limit"].number ?? 0)
    return isAbove ? "BEYOND" : "BEYOND before, not yet quiet"
  }

  var because: [StyledLine] {
    let features = status["top_features"].list
    if features.isEmpty {
      return [StyledLine(label: "because", "nothing flagged for its score yet")]
    }
    return wrapped("because", features.map { shareText($0) }, separator: ", ", width: width)
  }

  var flags: [StyledLine] { lines(of: status["last_flags"].list.prefix(5)) }

  /// The strangest events of the last hour.
  var strangest: [StyledLine] {
    let lines = lines(of: status["strangest_flags"].list.prefix(5))
    return lines.isEmpty ? [] : [StyledLine(label: "strangest", "of the last hour")] + lines
  }

  private func lines(of flags: ArraySlice<JSONValue>) -> [StyledLine] {
    flags.flatMap { flag in
      let rate = flag["background_rate"].number.map {
        flag["rate_extrapolated"].isTrue
          ? "rate about \(N.rough($0)) (extrapolated)" : "rate \(N.short($0))"
      }
      var lines = wrapped(
        N.clock(flag["time"].number),
        [
          "run \(N.whole(flag["run"])) event \(N.whole(flag["event"]))",
          "score \(Self.score(of: flag))",
        ] + [rate].compactMap { $0 } + [
          flag["working_points"].list.compactMap(\.string).joined(separator: ", ")
        ], separator: "  ", width: width)
      // As many reasons as fit behind them.
      for (place, share) in flag["top_features"].list.prefix(3).map(shareText).enumerated() {
        let more = (place == 0 ? "  " : ", ") + share
        if lines[lines.count - 1].characterCount + more.count > width { break }
        lines[lines.count - 1].add(more)
      }
      return lines
    }
  }

  /// A score that JSON cannot say is beyond the range of float32.
  private static func score(of flag: JSONValue) -> String {
    flag["score"].isThere ? N.short(flag["score"].number) : "inf (beyond float32)"
  }

  private func shareText(_ feature: JSONValue) -> String {
    let share = " \(N.percent(feature["share"].number))"
    return (feature["name"].string ?? "").elided(to: width - 10 - share.count) + share
  }

  var generation: [StyledLine] {
    let generation = status["arms"]
    func named(_ key: String) -> String {
      "\(key) \(generation[key]["path"].string ?? "") \((generation[key]["sha256"].string ?? "").prefix(8))"
    }
    return wrapped(
      "in force",
      [
        named("model"), named("calibration"),
        "generation \(N.whole(generation["generation"])) since \(N.dated(generation["since"].number))",
      ], separator: ", ", width: width)
  }
}

/// The view while the daemon does not answer: why, and since when.
func awayLines(
  _ fault: WatchFault, url: String, last: JSONValue?, width: Int
) -> [StyledLine] {
  var heading = StyledLine()
  heading.add(" AWAY ", .alarm)
  heading.add("  \(url)", .strong)
  let heard = last.map { "last heard of at \(WatchNumbers.dated($0["time"].number))" }
  return [heading]
    + wrapped(
      "", fault.description.split(separator: " ").map(String.init), separator: " ", width: width)
    + [StyledLine(label: "", heard ?? "nothing heard so far"), StyledLine(label: "", "asking on")]
}
