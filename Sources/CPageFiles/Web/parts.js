// Journal, output, ring, drift, arms, process.
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
    ["ring", `${whole(ring.records)} of\u00a0${whole(ring.capacity)}\u00a0records`],
  ]), gauge(ring.records, ring.capacity, "Fill of the ring"),
  note("Segments, waiting records and the ring: now; all other counts: since the start.")];
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
        check.windows && check.statistic === null ? beyond : short(check.statistic)),
      metric(label("tamis_drift_limit", "check", check.check), check.limit, short(check.limit)),
      check.windows ? sign(!check.alarm, "within", "beyond") : "waiting"]))));
    for (const check of drift.checks) if (check.alarm && check.finding)
      list.push(note(`${check.check}: ${check.finding}.`));
    const most = drift.features_most_off.slice(0, 5).map(each =>
      `${each.name} ${each.deviation === null ? beyond : short(each.deviation)}\u00a0σ`);
    if (most.length) list.push(note(`Most off: ${most.join(", ")}.`));
  }
  list.push(h("h3", {}, "Cap, screen and shadow, since start"), facts([
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
// A path breaks before a name where it can.
const folders = path => path.split(/(?<=\/)/).flatMap(name => [h("wbr"), name]);
const arms = status => draw("arms", [status.arms, status.reloads, status.shadow], () => {
  const {arms, reloads, shadow} = status;
  return facts([
    ["in force since", dated(arms.since)],
    ["generation", counted("tamis_arms_generation", arms.generation)],
    ["model", [...folders(arms.model.path), " ", hash(arms.model.sha256)]],
    ["calibration", [...folders(arms.calibration.path), " ", hash(arms.calibration.sha256)]],
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
      + `requests: ${Object.entries(catchUp.requests).filter(([name, count]) =>
        count || name === "ok").map(([name, count]) => `${name} ${whole(count)}`).join(", ")}`]
      : null,
  ])];
});
