// Realised rates and their intervals, on one logarithmic axis.
// Rate control holds another rate than the calibration's, whose interval then says nothing.
const isHeldElsewhere = point =>
  point.rate_control && point.rate_control.target_fpr !== point.target_fpr;
// Off where chance explains it neither in the stream nor in the calibration: a threshold from a
// finite sample has a true rate somewhere in the calibration's interval.
const isOff = point => {
  const [low, high] = point.calibrated_fpr_interval || [point.target_fpr, point.target_fpr];
  const {rate, lower, upper} = point.realised;
  return rate !== null && !isHeldElsewhere(point) && (high < lower || low > upper);
};
// The rate that is expected. One that is held in events a second is no share of the events.
const targetOf = point => point.rate_control && point.rate_control.target_fpr || point.target_fpr;
// The drawing is of all events since the generation began. An alarm may come from a time that is short
// beside it. While it is on, the word is the alarm's, so that the reader is not told two things.
const standing = (point, rateCheck) => {
  const {rate} = point.realised;
  const own = rate === null ? "no events yet"
    : isHeldElsewhere(point) ? `held at ${point.rate_control.target}`
    : !isOff(point) ? "on target"
    : rate > point.target_fpr ? "above target" : "below target";
  const raised = point.rate_test && point.rate_test.raised;
  if (raised) return {word: `${raised} target (alarm)`, isBad: true};
  // A drift check names the point that deviates most, and nothing else about it.
  if (rateCheck && rateCheck.alarm && (rateCheck.finding || "").startsWith(`${point.name}: `))
    return {word: `${isOff(point) ? own : "off target"} (alarm)`, isBad: true};
  return {word: own, isBad: isOff(point)};
};
// Rates in units of their target: points of very different rates share one axis, and all points that
// are on target lie on one line.
const ratioAxis = (points, from, to) => {
  const ratios = points.flatMap(point => [point.realised.rate,
    ...(point.realised.scored ? [point.realised.lower, point.realised.upper] : []),
    ...(isHeldElsewhere(point) ? [] : point.calibrated_fpr_interval || [])]
    .map(rate => rate / targetOf(point)))
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
const pointChart = (points, generation, rateCheck) => {
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
    const {word, isBad} = standing(point, rateCheck);
    const side = isBad ? "out" : "in";
    const at = value => x(value / targetOf(point));
    // Not through the names above the rows.
    for (const ratio of ticks)
      parts.push(path([[x(ratio), y - 12], [x(ratio), y + 14]], ratio === 1 ? "target" : "grid"));
    if (point.calibrated_fpr_interval && !isHeldElsewhere(point)) {
      const [from, to] = point.calibrated_fpr_interval.map(at);
      parts.push(s("rect", {class: "shade", x: from, y: y - 11, height: 22,
        width: Math.max(1, to - from)}));
    }
    // A rate that the axis does not reach has an arrow at its end, and its number.
    const ratio = rate / targetOf(point);
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
    + `${short(point.realised.rate)}, target ${short(targetOf(point))}, `
    + standing(point, rateCheck).word).join("; ") + ".";
  return [svg(id, height, title, parts), legend([
    ["target", s("path", {class: "target", d: "M16 0V11"})],
    ["calibration’s interval", areaMark("shade")],
    [`realised since generation ${whole(generation)}, with interval; `
      + "orange: off target, or alarm", s("g", {}, [
      s("path", {class: "whisker in", d: "M1 5.5H31"}),
      s("circle", {class: "fin", cx: 16, cy: 5.5, r: 4.5})])]])];
};
