// Histograms over logarithmic axes.
// Shares of the buckets between bounds, per decade, with the buckets' edges. The first bucket
// begins nowhere and the last ends nowhere: both are drawn a factor of two wide.
const densities = (bounds, counts) => {
  const total = counts.reduce((sum, each) => sum + each, 0);
  return counts.map((count, index) => {
    const low = index ? bounds[index - 1] : bounds[0] / 2;
    const high = index < bounds.length ? bounds[index] : 2 * bounds[bounds.length - 1];
    return {low, high, share: total ? count / total : 0,
      density: total ? count / total / Math.log10(high / low) : 0};
  });
};
// Narrow bins of nearly equal ratio, from below the loosest threshold to above the tightest
// one, and as far as scores go: shares on a logarithmic axis, so that the tail can be seen.
const score = status => {
  const bins = status.decisions.score_bins;
  const points = status.working_points.filter(point => point.armed)
    .sort((one, other) => one.threshold - other.threshold);
  draw("score-chart", [bins, points.map(point => point.threshold)], () => {
    if (!bins) return note("No threshold lies among the bins of the histogram.");
    const {edges, counts, reference_shares: reference} = bins;
    const total = counts.reduce((sum, each) => sum + Number(each), 0);
    if (!total && !reference) return note("No event has been scored yet.");
    const [width, height] = [widthOf("score-chart"), 260];
    const [right, top, bottom] = [width - 10, 28, height - 38];
    const [low, high] = [Math.log10(edges[0]), Math.log10(edges[edges.length - 1])];
    const x = logScale(low, high, left, right);
    const shares = counts.map(each => total ? Number(each) / total : 0);
    const values = shares.concat(reference || []).filter(each => each > 0);
    const yHigh = Math.ceil(Math.log10(Math.max(...values)));
    const yLow = Math.max(yHigh - 8, Math.floor(Math.log10(Math.min(...values))) - .3);
    const scale = logScale(yLow, yHigh, bottom, top);
    const y = value => value > 10 ** yLow ? scale(value) : bottom;
    const parts = decades(yLow, yHigh, 5).flatMap(each => [
      path([[left, y(10 ** each)], [right, y(10 ** each)]], "grid"),
      text(left - 6, y(10 ** each) + 4, "end", decade(each))]);
    for (const each of decades(low, high, width / 70))
      parts.push(text(x(10 ** each), height - 20, "middle", decade(each)));
    parts.push(text(right, height - 4, "end", "score"),
      text(left - 46, 12, "start", "share of a bin"));
    shares.forEach((share, index) => {
      if (share > 0) parts.push(s("rect", {class: "f0 soft-fill", x: x(edges[index]), y: y(share),
        width: Math.max(.6, x(edges[index + 1]) - x(edges[index]) - .5),
        height: bottom - y(share)}));
    });
    if (reference) parts.push(path(reference.flatMap((share, index) =>
      [[x(edges[index]), y(share)], [x(edges[index + 1]), y(share)]]), "ref"));
    points.forEach((point, index) => {
      const at = x(point.threshold);
      if (!(at >= left && at <= right)) return;
      const near = at > right - Math.max(70, 7 * point.name.length) && at > (left + right) / 2;
      const name = shortened(point.name, (near ? at - left : right - at) - 4, 7);
      // Each begins at its own name, below those of lower thresholds, and strikes none out.
      parts.push(path([[at, top + 14 * index], [at, bottom]], "mark"),
        text(at + (near ? -4 : 4), top + 10 + 14 * index, near ? "end" : "start", name));
    });
    parts.push(path([[left, bottom], [right, bottom]], "axis"));
    const title = `Histogram of ${whole(total)} scores in ${counts.length} bins over the `
      + `calibration’s background, with the thresholds of `
      + `${points.map(point => point.name).join(", ")}.`;
    return [svg("score-chart", height, title, parts), legend([
      [`stream since start, ${whole(total)} events`, areaMark("f0 soft-fill")],
      reference ? ["calibration", s("path", {class: "ref", d: "M0 5.5H32"})]
        : ["the calibration does not say", s("g", {})]])];
  });
};
const latency = status => {
  const facts = status.decisions.latency;
  const recent = status.recent;
  draw("latency-chart", [facts.counts, recent.latency_p50_seconds, recent.latency_p99_seconds],
    () => {
      const seen = densities(facts.upper_bounds, facts.counts);
      const used = seen.map(each => each.share > 0);
      if (!used.includes(true)) return note("No event has been decided on yet.");
      const [first, last] = [used.indexOf(true), used.lastIndexOf(true)];
      const [width, height] = [widthOf("latency-chart"), 240];
      const [right, top, bottom] = [width - 10, 28, height - 38];
      const x = logScale(Math.log10(seen[first].low), Math.log10(seen[last].high), left, right);
      const most = niceMax(Math.max(...seen.map(each => each.share)));
      const y = value => bottom - value / most * (bottom - top);
      const parts = [0, .5, 1].flatMap(part => [
        path([[left, y(part * most)], [right, y(part * most)]], "grid"),
        text(left - 6, y(part * most) + 4, "end", percent(part * most))]);
      const every = Math.ceil((last - first + 1) * 62 / (right - left));
      seen.slice(first, last + 1).forEach((each, index) => {
        parts.push(s("rect", {class: "f0 soft-fill", x: x(each.low), y: y(each.share),
          width: Math.max(0, x(each.high) - x(each.low) - .7),
          height: bottom - y(each.share)}));
        const isLast = x(each.high) > right - 14;
        if (index % every === 0 && (isLast || x(each.high) < right - 50))
          parts.push(text(isLast ? width : x(each.high), height - 20, isLast ? "end" : "middle",
            seconds(each.high)));
      });
      parts.push(path([[left, bottom], [right, bottom]], "axis"),
        text(right, height - 4, "end", "latency, bucket’s upper end"),
        text(left - 46, 12, "start", "share of events"));
      const title = "Histogram of the latency from socket to decision: half within "
        + `${seconds(facts.p50_seconds)}, 99 % within ${seconds(facts.p99_seconds)}.`;
      return [svg("latency-chart", height, title, parts), note(
        `Half within ${seconds(recent.latency_p50_seconds)}, 99 % within `
        + `${seconds(recent.latency_p99_seconds)} in the last ${seconds(recent.seconds)}; `
        + `since start ${seconds(facts.p50_seconds)} and ${seconds(facts.p99_seconds)}.`)];
    });
};
