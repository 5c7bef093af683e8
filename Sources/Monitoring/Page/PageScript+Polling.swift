extension PageScript {
  /// The one word, the alarms, and the tab's sign.
  static let banner = #"""
    const states = {ok: ["OK", "✓", "#0a6b4b"], warning: ["WARNING", "!", "#ffc83d"],
      alarm: ["ALARM", "✕", "#b3261e"], away: ["AWAY", "?", "#43464d"]};
    const showState = (state, who, time, alarms) => {
      const [word, symbol, colour] = states[state];
      if ($("state").textContent !== word) {
        $("state").textContent = word;
        $("symbol").textContent = symbol;
        $("banner").className = `state-${state}`;
        const ink = state === "warning" ? "#000" : "#fff";
        document.querySelector("link[rel=icon]").href = "data:image/svg+xml,"
          + encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">`
            + `<rect width="16" height="16" rx="3" fill="${colour}"/><text x="8" y="12.5" `
            + `font-family="sans-serif" font-weight="bold" font-size="13" text-anchor="middle" `
            + `fill="${ink}">${symbol}</text></svg>`);
      }
      document.title = `${word} – ${who}`;
      document.body.classList.toggle("stale", state === "away");
      $("who").textContent = who;
      $("clock").textContent = time;
      draw("alarms", [state, alarms], () => alarms.map(alarm => h("li", {}, [
        h("b", {}, `${{critical: "✕", warning: "!", info: "i"}[alarm.severity]} ${alarm.name}`),
        alarm.sentence,
        h("small", {}, `${alarm.severity} since ${clock(alarm.since)}; what to do: `
          + alarm.runbook)])));
    };
    """#

  /// Asks every second, says when nobody answers, and goes on when somebody does.
  static let polling = #"""
    let latest = null, who = "tamisd", awaySince = null;
    const show = status => {
      who = `tamisd, instance ${status.build.instance}`;
      showState(status.state, who, `${dated(status.time)}, up `
        + `${seconds(status.build.uptime_seconds)}, ${status.life.phase}`, status.alarms);
      for (const part of [tiles, workingPoints, history, score, latency, features, flags, ledger,
        keeping, drift, arms, around]) part(status);
      document.body.dataset.time = status.time;
    };
    const showAway = reason => {
      const now = Date.now() / 1000;
      awaySince = awaySince || now;
      showState("away", who, latest ? `Last heard of at ${dated(latest.time)}.`
        : "Nothing heard so far.", [{name: "TamisDown", severity: "critical", since: awaySince,
          sentence: `The daemon does not answer (${reason}). This page asks on and goes on by `
            + "itself; what it shows below is old.", runbook: "docs/runbook.md#tamisdown"}]);
    };
    const ask = async () => {
      try {
        const reply = await fetch("status", {cache: "no-store", signal: AbortSignal.timeout(5000)});
        if (!reply.ok) throw new Error(`status ${reply.status}`);
        latest = await reply.json();
        awaySince = null;
      } catch (error) {
        showAway(error.name === "TimeoutError" ? "no reply within 5 s" : "no connection");
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
    """#
}
