extension PageScript {
  /// The tiles on top, and the ledger.
  static let account = #"""
    const tiles = status => {
      const {now, recent, ledger, output} = status;
      const on = name => status.alarms.some(alarm => alarm.name === name);
      const tile = (term, value, more, alarmed) =>
        h("dl", {class: alarmed ? "tile warn" : "tile"},
          [h("dt", {}, term), h("dd", {}, value), h("dd", {class: "more"}, more)]);
      draw("tiles", [now, recent, ledger, output, status.life, status.alarms], () => [
        tile("Events a second", short(now.received_per_second), [
          whole(ledger.received), " received"], on("TamisNoEvents")),
        tile("Lost", whole(recent.lost), [
          `in ${seconds(recent.seconds)}; `, whole(ledger.lost - ledger.late), " since start"],
          on("TamisEventsLost")),
        tile("Dead time", percent(now.dead_time_ratio), [
          `${percent(recent.dead_time_ratio)} in ${seconds(recent.seconds)}`], on("TamisDeadTime")),
        tile("Latency, 99 %", seconds(recent.latency_p99_seconds), [
          `half within ${seconds(recent.latency_p50_seconds)}`]),
        tile("Refused", whole(recent.rejected), [
          `in ${seconds(recent.seconds)}; `, whole(ledger.rejected), " since start"],
          on("TamisEventsRejected")),
        tile("Waiting for output", whole(output.waiting), [
          counted("tamis_output_subscribers", output.subscribers), " subscriptions"],
          on("TamisOutputBacklog")),
        tile("Last event", status.life.since_event_seconds === null ? "none yet"
          : status.life.since_event_seconds < 2 ? "now"
          : `${seconds(status.life.since_event_seconds)} ago`,
          `up ${seconds(status.build.uptime_seconds)}`, on("TamisNoEvents")),
      ]);
    };
    const ledger = status => draw("ledger", [status.ledger, status.ring.records], () => {
      const {ledger} = status;
      const open = ledger.received - ledger.scored - ledger.rejected - ledger.shed;
      const shared = ledger.by_source.some(each => each.elsewhere);
      const elsewhere = each => shared ? [
        counted(label("tamis_events_elsewhere_total", "source", each.source), each.elsewhere)] : [];
      const bySource = table("By source", ["source", "received", "lost", "late",
        ...(shared ? ["elsewhere"] : [])],
        ledger.by_source.map(each => row([each.source,
          counted(label("tamis_events_received_total", "source", each.source), each.received),
          counted(label("tamis_events_lost_total", "source", each.source), each.lost),
          counted(label("tamis_events_late_total", "source", each.source), each.late),
          ...elsewhere(each)])));
      const reasons = Object.entries(ledger.rejected_by_reason).filter(([, count]) => count);
      const byReason = reasons.length ? table("Refused, by reason", ["reason", "records"],
        reasons.map(([reason, count]) => row([reason,
          counted(label("tamis_events_rejected_total", "reason", reason), count)])))
        : note("Nothing refused.");
      return [facts([
        ["received", whole(ledger.received)],
        ["= scored", counted("tamis_events_scored_total", ledger.scored)],
        ["+ refused", whole(ledger.rejected)],
        ["+ shed at the end", counted("tamis_events_shed_total", ledger.shed)],
        ["+ on the way", whole(Math.max(0, open))],
        ["ledgers that do not add up", [
          sign(!ledger.faults, "none: ", "a fault: "),
          counted("tamis_ledger_faults_total", ledger.faults)]],
      ]), bySource, byReason];
    });
    """#

  /// Journal, output, ring, drift, arms, process.
  static let parts = #"""
    const optional = (term, value, show) => value === null ? null : [term, show(value)];
    const gauge = (value, most, name) => h("meter", {
      min: 0, max: most || 1, value, high: most * .8, "aria-label": name}, `${value} of ${most}`);
    const keeping = status => draw("keeping", [status.journal, status.output, status.ring,
      status.life.stall_reason, status.now.dead_time_ratio], () => {
      const {journal, output, ring} = status;
      const topic = name => counted(
        label("tamis_records_published_total", "topic", name), output.published[name]);
      return [facts([
        ["journal", sign(!journal.stalled, "is written", status.life.stall_reason || "stalled")],
        ["records journaled", counted("tamis_records_journaled_total", journal.records)],
        ["bytes journaled",
          metric("tamis_journal_bytes_total", journal.bytes, bytes(journal.bytes))],
        ["not yet on the disk since", seconds(journal.lag_seconds)],
        ["failed writes", counted("tamis_journal_failures_total", journal.failures)],
        optional("segments", journal.segments, count =>
          [counted("tamis_journal_segments", count), ", ", bytes(journal.size_bytes)]),
        optional("disk left", journal.free_bytes, bytes),
        ["published flagged", topic("flagged")],
        ["published unbiased", topic("unbiased")],
        output.published.unflagged ? ["published unflagged", topic("unflagged")] : null,
        ["waiting for the output", counted("tamis_records_waiting", output.waiting)],
        ["given up", counted("tamis_records_abandoned_total", output.abandoned)],
        ["sends refused by the output", counted("tamis_output_blocked_total", output.blocked)],
        ["ring", `${whole(ring.records)} of ${whole(ring.capacity)} records`],
      ]), gauge(ring.records, ring.capacity, "Fill of the ring")];
    });
    const drift = status => draw("drift", [status.drift, status.screen, status.flood,
      status.shadow], () => {
      const {drift, screen, flood, shadow} = status;
      const list = [];
      if (!drift) list.push(note("Drift is not watched by this daemon."));
      else {
        list.push(table("Against the calibration’s background", [
          "check", "statistic", "limit", "state"], drift.checks.map(check => row([check.check,
          metric(label("tamis_drift_statistic", "check", check.check), check.statistic,
            short(check.statistic)),
          metric(label("tamis_drift_limit", "check", check.check), check.limit, short(check.limit)),
          check.windows ? sign(!check.alarm, "within", "beyond") : "waiting"]))));
        for (const check of drift.checks) if (check.alarm && check.finding)
          list.push(note(`${check.check}: ${check.finding}.`));
        if (drift.features_most_off.length) list.push(note("Most off: " + drift.features_most_off
          .slice(0, 5).map(each => `${each.name} ${short(each.deviation)} σ`).join(", ") + "."));
      }
      list.push(h("h3", {}, "Cap, screen and shadow"), facts([
        ["cap on the flagged rate", sign(flood.prescale <= 1, "not needed",
          `flood: one in ${flood.prescale} kept, ${whole(flood.suppressed)} suppressed`)],
        ["screen", screen ? [sign(!screen.disagreements, "agrees, ", "disagreed, "),
          counted("tamis_screen_disagreements_total", screen.disagreements), " of ",
          counted("tamis_screen_audited_total", screen.audited), " audited"]
          : "none: every event is scored exactly"],
        ["shadow", shadow ? Object.entries(shadow.events).flatMap(([name, count], index) => [
          index ? ", " : "", `${name.replace("_", " ")} `,
          counted(label("tamis_shadow_events_total", "decision", name), count)]) : "none"],
      ]));
      return list;
    });
    const hash = text => h("code", {title: text}, text.slice(0, 12));
    const arms = status => draw("arms", [status.arms, status.reloads, status.shadow], () => {
      const {arms, reloads, shadow} = status;
      return facts([
        ["in force since", dated(arms.since)],
        ["generation", counted("tamis_arms_generation", arms.generation)],
        ["model", [arms.model.path, " ", hash(arms.model.sha256)]],
        ["calibration", [arms.calibration.path, " ", hash(arms.calibration.sha256)]],
        optional("screen margin", arms.screen_margin, short),
        shadow ? ["shadow model", hash(shadow.model_sha256)] : null,
        shadow ? ["shadow calibration", hash(shadow.calibration_sha256)] : null,
        ["reloads", [counted(label("tamis_reloads_total", "result", "ok"), reloads.made),
          " made, ", counted(label("tamis_reloads_total", "result", "refused"), reloads.refused),
          " refused"]],
        reloads.last === null ? null : ["last reload", [
          sign(reloads.last_succeeded, "made ", "refused "), dated(reloads.last),
          reloads.last_refusal ? `: ${reloads.last_refusal}` : ""]],
      ]);
    });
    const around = status => draw("around", [status.build, status.process, status.connections,
      status.catch_up, status.life.input, status.life.output], () => {
      const {build, process, connections, catch_up: catchUp} = status;
      return [facts([
        ["program", `tamisd ${build.version}, ${build.isa}`],
        ["started", dated(build.started)],
        status.life.input.length ? ["input at", status.life.input.join(" ")] : null,
        status.life.output.length ? ["output at", status.life.output.join(" ")] : null,
        process ? ["memory", bytes(process.resident_bytes)] : null,
        process ? ["processor time", seconds(process.cpu_seconds)] : null,
        process ? ["open files",
          `${whole(process.open_descriptors)} of ${whole(process.max_descriptors)}`] : null,
        ...(connections ? connections.sockets.map(each => [`${each.socket} connections`,
          counted(label("tamis_connections", "socket", each.socket), each.established)]) : []),
        ...(connections ? connections.failed_handshakes.filter(each => each.count).map(each => [
          `failed at ${each.socket}: ${each.reason}`, whole(each.count)]) : []),
        catchUp ? ["catch-up", `${whole(catchUp.records)} records sent, `
          + Object.entries(catchUp.requests).map(([name, count]) => `${name} ${whole(count)}`)
            .join(", ")] : null,
      ])];
    });
    """#
}
