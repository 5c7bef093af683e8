// Working points, features and flagged events.
const rateWithInterval = (point, name) => [
  metric(label("tamis_realised_fpr", "working_point", name), point.rate, short(point.rate, 4)),
  " ", h("span", {class: "nowrap"}, ["(",
    metric(label("tamis_realised_fpr_lower", "working_point", name), point.lower,
      short(point.lower, 4)), " to ",
    metric(label("tamis_realised_fpr_upper", "working_point", name), point.upper,
      short(point.upper, 4)), ")"])];
const workingPoints = status => {
  const points = status.working_points.filter(point => point.armed && point.realised);
  const former = status.working_points.filter(point => !point.armed);
  const {generation} = status.arms;
  const rateCheck = (status.drift ? status.drift.checks : []).find(each => each.check === "flagged_rate");
  if (points.length) draw("points-chart", [points, generation, rateCheck], () =>
    pointChart(points, generation, rateCheck));
  draw("points", [points, former, status.prescales, generation], () => {
    const since = `since generation ${whole(generation)}`;
    const of = (point, key) => label(key, "working_point", point.name);
    const confidence = points.length ? percent(points[0].realised.confidence) : "";
    const values = point => [
      metric(of(point, "tamis_target_fpr"), point.target_fpr, short(point.target_fpr)),
      rateWithInterval(point.realised, point.name),
      [point.side === "low" ? "below " : "",
        metric(of(point, "tamis_threshold"), point.threshold, short(point.threshold, 5)),
        typeof point.threshold_highest === "number"
          ? ` to ${short(point.threshold_highest, 5)}, by condition` : ""],
      metric(of(point, "tamis_prescale"), point.prescale_in_force,
        point.prescale_in_force ? whole(point.prescale_in_force) : "0 (none)"),
      counted(of(point, "tamis_events_fired_total"), point.fired),
      counted(of(point, "tamis_events_flagged_total"), point.flagged),
      counted(of(point, "tamis_events_flagged_alone_total"), point.flagged_alone)];
    // The columns count different things, which is seen after a reload.
    const from = (name, when) => [name, " ", h("span", {class: "when"}, when)];
    const heads = () => ["target", from(`realised (${confidence})`, since), "threshold", "prescale",
      from("fired", "since start"), from("flagged", "since start"),
      from("by it alone", "since start")];
    const old = former.map(point => note([
      `${point.name}, of an earlier calibration: `,
      counted(of(point, "tamis_events_fired_total"), point.fired), " fired, ",
      counted(of(point, "tamis_events_flagged_total"), point.flagged), " flagged since start."]));
    const held = points.filter(point => point.rate_control).map(point => {
      const control = point.rate_control;
      const why = control.hold === "none" ? "" : `; it stays (${control.hold})`;
      return note([`${point.name} is held at ${control.target}: the threshold is `,
        metric(of(point, "tamis_threshold_factor"), control.factor, short(control.factor, 4)),
        ` times the calibration's${control.at_limit ? ", the end of its band" : ""}${why}.`]);
    });
    const awake = points.filter(point => point.efficiency && point.efficiency.scored)
      .map(point => note([`${point.name} fires on `,
        metric(of(point, "tamis_efficiency"), point.efficiency.rate,
          percent(point.efficiency.rate)),
        ` (${percent(point.efficiency.lower)} to ${percent(point.efficiency.upper)}) of `,
        `${whole(point.efficiency.scored)} simulated events ${since}.`]));
    const schedule = status.prescales;
    if (schedule) {
      old.push(note(`Prescales go by ${schedule.by}: ${schedule.row
        ? `row ${schedule.row} of ${schedule.rows}` : "the calibration's, before the first row"}.`));
    }
    old.push(...held, ...awake);
    const meaning = "Realised: events fired over events scored, before prescales, since this model and "
      + "calibration came into force. Flagged: events kept after prescales. Counts are since the start, "
      + "also of points of the same name in earlier generations.";
    const rows = table(meaning, ["working point", ...heads()],
      points.map(point => row([named(point.name), ...values(point)])));
    if (isRoomForTable("points", rows)) return [rows, ...old];
    return [note(meaning), ...points.flatMap(point => {
      const terms = heads();
      return [h("h3", {}, point.name),
        facts(values(point).map((value, index) => [terms[index], value]))];
    }), ...old];
  });
};
const features = status => draw("features", status.top_features, list => {
  if (!list.length) return note("Nothing has been flagged for its score yet.");
  const most = list[0].share;
  return [h("div", {class: "bars"}, list.flatMap(each => [
    h("span", {class: "name"}, each.name),
    s("svg", {viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true"},
      s("rect", {class: "f0", x: 0, y: 1, height: 8, width: 100 * each.share / most})),
    h("span", {}, percent(each.share))])),
    note("Mean share of the score, over the last hundred flagged events or so.")];
});
// Breaks between the two numbers, and only where they are long.
const runAndEvent = flag => {
  const [run, event] = [`${flag.run} /`, String(flag.event)];
  return run.length + event.length < 16 ? h("span", {class: "nowrap"}, `${run} ${event}`)
    : [h("span", {class: "nowrap"}, run), " ", h("span", {class: "nowrap"}, event)];
};
const comma = (list, index) => index < list.length - 1 ? "," : "";
const reasons = list => list.flatMap((each, index) => [
  named(each.name, ` ${percent(each.share, 2)}${comma(list, index)}`), " "]);
const pointNames = list => list.flatMap((name, index) => [named(name, comma(list, index)), " "]);
// How rare the score is among background.
const rareness = flag => flag.background_rate === null ? "not known"
  : `${flag.rate_extrapolated ? "about " : ""}${short(flag.background_rate, 2)}`;
// The rate stands under its score. On a phone the event stands under its time, and the features
// under both: 20 digits find room.
const flagTable = (list, empty) => {
  if (!list || !list.length) return note(empty);
  const cell = (content, name) => h("td", {class: name}, content);
  const below = (content, name) => h("div", {class: name}, content);
  const heads = [[["time", below("run and event", "only-small")], "l"],
    ["run and event", "l hide-small"], [["score", below("background rate")], ""],
    ["fired", "l hide-small"], ["because of", "l below"]];
  return h("table", {class: "flagged"}, [h("thead", {}, h("tr", {}, heads.map(([head, name]) =>
    h("th", {scope: "col", class: name}, head)))),
    h("tbody", {}, list.map(flag => h("tr", {}, [
      h("th", {scope: "row"}, [
        clock(flag.time), below(runAndEvent(flag), "only-small")]),
      cell(h("span", {title: `journal number ${flag.number}, source ${flag.source}, `
        + `sequence ${flag.sequence}`}, runAndEvent(flag)), "l hide-small"),
      // A score that JSON cannot say is beyond the range of float32, and has no shares.
      cell([flag.score === null ? beyond : short(flag.score, 4), below(rareness(flag), "note")],
        "nowrap"),
      cell(pointNames(flag.working_points), "l hide-small"),
      cell(flag.score === null ? "no shares: the score is beyond float32"
        : reasons(flag.top_features.slice(0, 3)), "l below")])))]);
};
const flags = status => draw("flags", status.last_flags.slice(0, 8), list =>
  flagTable(list, "No event has been flagged for its score yet."));
const strangest = status => draw("strangest", status.strangest_flags, list =>
  flagTable(list, "No event has been flagged for its score within the hour."));
