// Axes, and lines over time. A chart is drawn at the width that its place has, so that its text
// is as large on a phone as on a wall.
const left = 52;
const svg = (id, height, title, content) => s("svg", {
  viewBox: `0 0 ${widthOf(id)} ${height}`, height, role: "img", "aria-label": title}, content);
const widthOf = id => Math.max(260, $(id).clientWidth);
const text = (x, y, anchor, content, name) =>
  s("text", {x, y, "text-anchor": anchor, class: name}, content);
// A name for a chart, without its middle where it is wider than its place.
const shortened = (name, width, perCharacter) =>
  elided(name, Math.max(4, Math.floor(width / perCharacter)));
const path = (points, name) => s("path", {
  class: name,
  d: points.map(([x, y], index) => `${index ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`)
    .join("")});
const niceMax = value => {
  if (!(value > 0)) return 1;
  const unit = 10 ** Math.floor(Math.log10(value));
  return unit * [1, 2, 5, 10].find(step => step * unit >= value);
};
const decade = exponent =>
  exponent >= -2 && exponent <= 4 ? String(Number((10 ** exponent).toPrecision(1)))
    : `1e${exponent}`;
const logScale = (low, high, from, to) => value =>
  from + (Math.log10(value) - low) / (high - low) * (to - from);
const decades = (low, high, most) => {
  const step = Math.max(1, Math.ceil((high - low) / most));
  const list = [];
  for (let each = Math.ceil(low); each <= high; each += step) list.push(each);
  return list;
};
const dashes = 5;
const legend = entries => h("ul", {class: "legend"}, entries.map(([name, mark]) =>
  h("li", {}, [s("svg", {viewBox: "0 0 32 11", "aria-hidden": "true"}, mark), name])));
const lineMark = name => s("path", {class: `line ${name}`, d: "M0 5.5H32"});
const areaMark = name => s("path", {class: name, d: "M0 0H32V11H0Z"});

const timeChart = (id, title, status, series) => {
  const {time: now, history: {step_seconds: stepSeconds, points}} = status;
  const times = points.map(point => point.time);
  const [width, height] = [widthOf(id), 190];
  const [right, top, bottom] = [width - 10, 12, height - 24];
  const x = time => right - (now - time) / 900 * (right - left);
  const most = niceMax(Math.max(0, ...series.flatMap(each => each.values)));
  const y = value => bottom - value / most * (bottom - top);
  const parts = [0, .5, 1].flatMap(part => [
    path([[left, y(part * most)], [right, y(part * most)]], "grid"),
    text(left - 6, y(part * most) + 4, "end", short(part * most))]);
  for (const minutes of width < 420 ? [15, 10, 5, 0] : [15, 12, 9, 6, 3, 0])
    parts.push(text(x(now - minutes * 60), height - 6, minutes ? "middle" : "end",
      minutes ? `−${minutes} min` : "now"));
  for (const {values, style} of series) {
    const points = [];
    times.forEach((time, at) => {
      if (now - time + stepSeconds > 900) return;
      points.push([x(time - stepSeconds), y(values[at])], [x(time), y(values[at])]);
    });
    if (points.length) parts.push(path(points, `line ${style}`));
  }
  if (!times.length) parts.push(
    text((left + right) / 2, (top + bottom) / 2, "middle", "nothing to show yet"));
  return svg(id, height, title, parts);
};
const history = status => {
  const points = status.history.points;
  const last = key => points.length ? points[points.length - 1][key] : null;
  draw("rate-chart", points, () => {
    const series = [
      {name: "received", style: "s0", values: points.map(point => point.received_per_second)},
      {name: "lost", style: "lost", values: points.map(point => point.lost_per_second)}];
    const title = `Events a second: ${short(last("received_per_second"))} received, `
      + `${short(last("lost_per_second"))} lost at the end.`;
    return [timeChart("rate-chart", title, status, series),
      legend(series.map(each => [`${each.name}, events/s`, lineMark(each.style)]))];
  });
  draw("flagged-chart", points, () => {
    const names = status.history.working_points;
    const series = names.map((name, index) =>
      ({name, style: `s${index % dashes}`,
        values: points.map(point => point.flagged_per_second[index])}));
    const now = last("flagged_per_second");
    const title = "Flagged events a second: " + names.map((name, index) =>
      `${name} ${now ? short(now[index]) : "–"}`).join(", ") + " at the end.";
    return [timeChart("flagged-chart", title, status, series),
      legend(series.map(each => [`${each.name}, flagged/s`, lineMark(each.style)]))];
  });
};
