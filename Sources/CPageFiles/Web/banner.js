// The one word, the alarms, and the tab's sign.
const states = {ok: ["OK", "✓", "#0a6b4b"], warning: ["WARNING", "!", "#ffc83d"],
  alarm: ["ALARM", "✕", "#b3261e"], away: ["AWAY", "?", "#43464d"]};
// One line for each alarm, with its reason in view. An opened alarm shows more, also after a redraw.
const opened = new Set();
// Where a line is too long, whole words are left out. Long names are shortened, so that the numbers
// behind them are in view.
const briefly = sentence => sentence.split(" ").map(word =>
  isNumber(word) ? word : elided(word, $("alarms").clientWidth < 640 ? 12 : 32)).join(" ");
const alarmLine = (alarm, state) => {
  const summary = h("summary", {title: alarm.sentence}, [
    alarm.severity === "critical" ? "✕" : "!",
    h("b", {class: "hide-small"}, alarm.name), " ", ...words(briefly(alarm.sentence))]);
  // While the daemon does not answer, it does not serve the runbook either.
  const runbook = state === "away" ? alarm.runbook
    : h("a", {href: `runbook#${alarm.name.toLowerCase()}`, target: "_blank"}, "runbook");
  const details = h("details", {open: opened.has(alarm.name) ? "" : null}, [summary,
    h("p", {}, alarm.sentence), h("p", {}, [
      `${alarm.name}, ${alarm.severity}, since ${clock(alarm.since)}. What to do: `, runbook])]);
  details.addEventListener("toggle", () =>
    opened[details.open ? "add" : "delete"](alarm.name));
  return h("li", {}, details);
};
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
  draw("alarms", [state, alarms], () => alarms.map(alarm => alarmLine(alarm, state)));
};
