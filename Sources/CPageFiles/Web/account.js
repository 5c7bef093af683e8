// The tiles on top, and the ledger.
const tiles = status => {
  const {now, recent, ledger, output} = status;
  // The severity of an alarm that is on; the gravest comes first.
  const on = name => status.alarms.find(alarm => alarm.name === name)?.severity;
  const tile = (term, value, more, severity) =>
    h("dl", {class: severity ? `tile tile-${severity}` : "tile"},
      [h("dt", {}, term), h("dd", {}, value), h("dd", {class: "more"}, more)]);
  draw("tiles", [now, recent, ledger, output, status.life, status.alarms], () => [
    tile("Events a second", short(now.received_per_second), [
      brief(ledger.received), " received since start"], on("TamisNoEvents")),
    tile("Lost", brief(recent.lost), [
      `in ${seconds(recent.seconds)}; `, brief(Number(ledger.lost) - Number(ledger.late)), " since start"],
      on("TamisEventsLost")),
    tile("Dead time", percent(now.dead_time_ratio), [
      `${percent(recent.dead_time_ratio)} in ${seconds(recent.seconds)}`], on("TamisDeadTime")),
    tile("Latency, 99 %", seconds(recent.latency_p99_seconds), [
      `half within ${seconds(recent.latency_p50_seconds)}`]),
    tile("Refused", brief(recent.rejected), [
      `in ${seconds(recent.seconds)}; `, brief(ledger.rejected), " since start"],
      on("TamisEventsRejected")),
    tile("Waiting for output", brief(output.waiting), [
      metric("tamis_output_subscribers", output.subscribers, brief(output.subscribers)),
      " subscriptions"],
      on("TamisOutputBacklog")),
    tile("Last event", status.life.since_event_seconds === null ? "none yet"
      : status.life.since_event_seconds < 2 ? "now"
      : `${seconds(status.life.since_event_seconds)} ago`,
      `up ${seconds(status.build.uptime_seconds)}`, on("TamisNoEvents")),
  ]);
};
// What is not a source's number stands for records without one: seldom any.
const isHeardOf = each => /^\d+$/.test(each.source) || ["received", "lost", "late", "refused",
  "elsewhere"].some(key => Number(each[key] || 0));
const ledger = status => draw("ledger", [status.ledger, status.ring.records], () => {
  const {ledger} = status;
  const open = ["scored", "rejected", "shed"].reduce(
    (rest, each) => rest - Number(ledger[each]), Number(ledger.received));
  const shared = ledger.by_source.some(each => Number(each.elsewhere));
  const heads = ["received", "lost", "late", "refused", ...(shared ? ["elsewhere"] : [])];
  const heard = ledger.by_source.filter(isHeardOf);
  const counts = heard.map(each => heads.map(key => each[key] === undefined ? null : each[key]));
  const isRoom = write => isRoomFor("ledger", [["source", ...heads],
    ...heard.map((each, index) => [String(each.source), ...counts[index].map(write)])]);
  const count = isRoom(whole) ? counted : countedBriefly;
  const bySource = table("By source", ["source", ...heads], heard.map((each, index) =>
    row([each.source, ...heads.map((key, column) => key === "refused"
      ? count(null, counts[index][column])
      : count(label(`tamis_events_${key}_total`, "source", each.source), counts[index][column]))])));
  if (count === countedBriefly && !isRoom(brief)) bySource.classList.add("dense");
  const reasons = Object.entries(ledger.rejected_by_reason).filter(([, count]) => Number(count));
  const countRefused = isRoomFor("ledger", [["reason", "records"], ...reasons.map(
    ([reason, refused]) => [reason, whole(refused)])]) ? counted : countedBriefly;
  const byReason = reasons.length ? table("Refused, by reason", ["reason", "records"],
    reasons.map(([reason, refused]) => row([reason,
      countRefused(label("tamis_events_rejected_total", "reason", reason), refused)])))
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
  ]), bySource, byReason, note("Counts are since the start.")];
});
