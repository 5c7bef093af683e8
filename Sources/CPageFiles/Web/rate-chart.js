// Realised rates and their intervals, on one logarithmic axis.
// Off where chance explains it neither in the stream nor in the calibration: a threshold from a
// finite sample has a true rate somewhere in the calibration's interval.
const isOff = point => {
  const [low, high] = point.calibrated_fpr_interval || [point.target_fpr, point.target_fpr];
  const {rate, lower, upper} = point.realised;
  return rate !== null && (high < lower || low > upper);
};
// Rates in units of their target: points of very different rates share one axis, and all points that
// are on target lie on one line.
const ratioAxis = (points, from, to) => {
  const ratios = points.flatMap(point => [point.realised.rate,
    ...(point.realised.scored ? [point.realised.lower, point.realised.upper] : []),
    ...(point.calibrated_fpr_interval || [])].map(rate => rate / point.target_fpr))
    .filter(ratio => ratio > 0);
  const low = Math.log10(Math.max(.1, Math.min(.8, ...ratios) / 1.05));
  const high = Math.log10(Math.min(10, Math.max(1.25, ...ratios) * 1.05));
  const scale = logScale(low, high, from, to);
  const x = ratio => Math.min(to, Math.max(from, ratio > 0 ? scale(ratio) : from));
  const ticks = [];
  for (const tick of [1, .5, 2, .1, 10, .2, 5, .8, 1.25, .9, 1.1])
    if (Math.log10(tick) >= low && Math.log10(tick) <= high
      && ticks.every(other => Math.abs(x(other) - x(tick)) > 42)) ticks.push(tick);
  return {x, ticks};
};
const pointChart = points => {
  const id = "points-chart";
  const [width, rowHeight] = [widthOf(id), 46];
  const height = points.length * rowHeight + 44;
  const [start, right, bottom] = [8, width - 8, height - 40];
  const {x, ticks} = ratioAxis(points, start, right);
  const parts = ticks.map(ratio => text(x(ratio), bottom + 16, "middle", ratio));
  parts.push(text(right, height - 6, "end", "rate over target"));
  points.forEach((point, index) => {
    const y = index * rowHeight + 32;
    const {rate, lower, upper} = point.realised;
    const side = isOff(point) ? "out" : "in";
    const at = value => x(value / point.target_fpr);
    // Not through the names above the rows.
    for (const ratio of ticks)
      parts.push(path([[x(ratio), y - 12], [x(ratio), y + 14]], ratio === 1 ? "target" : "grid"));
    if (point.calibrated_fpr_interval) {
      const [from, to] = point.calibrated_fpr_interval.map(at);
      parts.push(s("rect", {class: "shade", x: from, y: y - 11, height: 22,
        width: Math.max(1, to - from)}));
    }
    const word = rate === null ? "no events yet"
      : !isOff(point) ? "on target"
      : rate > point.target_fpr ? "above target" : "below target";
    // A rate that the axis does not reach has an arrow at its end, and its number.
    const ratio = rate / point.target_fpr;
    const beyond = rate === null || Math.abs(Math.log10(ratio)) <= 1 ? 0 : Math.sign(ratio - 1);
    const said = `: ${word}` + (beyond ? `, ${short(ratio)} times` : "");
    const name = shortened(point.name, right - start - 8.2 * said.length, 8.2);
    parts.push(text(start, y - 16, "start", name + said, "name"));
    if (rate === null) return;
    if (beyond) {
      const end = beyond > 0 ? right : start;
      parts.push(path([[end, y], [end - 11 * beyond, y - 7], [end - 11 * beyond, y + 7]],
        `f${side}`));
      return;
    }
    const [from, to] = [at(lower), at(upper)];
    parts.push(path([[from, y], [to, y]], `whisker ${side}`),
      path([[from, y - 5], [from, y + 5]], `whisker ${side}`),
      path([[to, y - 5], [to, y + 5]], `whisker ${side}`));
    if (rate > 0) parts.push(s("circle", {cx: at(rate), cy: y, r: 6, class: `f${side}`}));
  });
  const title = "False-positive rates: " + points.map(point => `${point.name} realised `
    + `${short(point.realised.rate)}, target ${short(point.target_fpr)}`).join("; ") + ".";
  return [svg(id, height, title, parts), legend([
    ["target", s("path", {class: "target", d: "M16 0V11"})],
    ["calibration’s interval", areaMark("shade")],
    ["realised, with interval; orange: off target", s("g", {}, [
      s("path", {class: "whisker in", d: "M1 5.5H31"}),
      s("circle", {class: "fin", cx: 16, cy: 5.5, r: 4.5})])]])];
};
