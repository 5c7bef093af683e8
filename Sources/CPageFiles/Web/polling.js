// Asks every second, tells when the daemon does not answer, and continues when it does.
let latest = null, who = "tamisd", awaySince = null;
const show = status => {
  who = `tamisd, instance ${status.build.instance}`;
  showState(status.state, who, `${dated(status.time)}, up `
    + `${seconds(status.build.uptime_seconds)}, ${status.life.phase}`, status.alarms);
  for (const part of [tiles, workingPoints, history, score, latency, features, flags,
    strangest, ledger,
    keeping, drift, arms, around]) part(status);
  document.body.dataset.time = status.time;
};
const showAway = reason => {
  const now = Date.now() / 1000;
  awaySince = awaySince || now;
  showState("away", who, latest ? `Last heard of at ${dated(latest.time)}.`
    : "Nothing heard so far.", [{name: "TamisDown", severity: "critical", since: awaySince,
      sentence: `The daemon does not answer (${reason}). This page asks again every second and `
        + "continues when it answers; what it shows below is old.",
      runbook: "docs/runbook.md#tamisdown"}]);
};
const ask = async () => {
  try {
    const reply = await fetch("status", {cache: "no-store", signal: AbortSignal.timeout(5000)});
    if (!reply.ok) throw new Error(`status ${reply.status}`);
    latest = parse(await reply.text());
    awaySince = null;
  } catch (error) {
    showAway(error.name === "TimeoutError" ? "no reply within 5 s"
      : error instanceof SyntaxError ? "its status is not JSON" : "no connection");
    return;
  }
  show(latest);
};
const poll = async () => {
  await ask();
  setTimeout(poll, document.hidden ? 5000 : 1000);
};
window.addEventListener("resize", () => { if (latest && !awaySince) show(latest); });
document.addEventListener("visibilitychange", () => { if (!document.hidden) ask(); });
poll();
