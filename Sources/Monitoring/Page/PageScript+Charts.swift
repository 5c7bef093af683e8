extension PageScript {
  /// Axes, and lines over time. A chart is drawn at the width that its place has, so that its text
  /// is as large on a phone as on a wall.
  static let charts = #"""
    const left = 52;
    const svg = (id, height, title, content) => s("svg", {
      viewBox: `0 0 ${widthOf(id)} ${height}`, height, role: "img", "aria-label": title}, content);
    const widthOf = id => Math.max(260, $(id).clientWidth);
    const text = (x, y, anchor, content, name) =>
      s("text", {x, y, "text-anchor": anchor, class: name}, content);
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
      series.forEach((each, index) => {
        const points = [];
        times.forEach((time, at) => {
          if (now - time + stepSeconds > 900) return;
          points.push([x(time - stepSeconds), y(each.values[at])], [x(time), y(each.values[at])]);
        });
        if (points.length) parts.push(path(points, `line s${index % dashes}`));
      });
      if (!times.length) parts.push(
        text((left + right) / 2, (top + bottom) / 2, "middle", "nothing to show yet"));
      return svg(id, height, title, parts);
    };
    const history = status => {
      const points = status.history.points;
      const last = key => points.length ? points[points.length - 1][key] : null;
      draw("rate-chart", points, () => {
        const series = [
          {name: "received", values: points.map(point => point.received_per_second)},
          {name: "lost", values: points.map(point => point.lost_per_second)}];
        const title = `Events a second: ${short(last("received_per_second"))} received, `
          + `${short(last("lost_per_second"))} lost at the end.`;
        return [timeChart("rate-chart", title, status, series),
          legend(series.map((each, index) => [`${each.name}, events/s`, lineMark(`s${index}`)]))];
      });
      draw("flagged-chart", points, () => {
        const names = status.history.working_points;
        const series = names.map((name, index) =>
          ({name, values: points.map(point => point.flagged_per_second[index])}));
        const now = last("flagged_per_second");
        const title = "Flagged events a second: " + names.map((name, index) =>
          `${name} ${now ? short(now[index]) : "–"}`).join(", ") + " at the end.";
        return [timeChart("flagged-chart", title, status, series),
          legend(names.map((name, index) => [
            `${name}, flagged/s`, lineMark(`s${index % dashes}`)]))];
      });
    };
    """#

  /// Histograms over logarithmic axes.
  static let scoreCharts = #"""
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
    const score = status => {
      const {upper_bounds: bounds, counts, reference_shares: reference} = status.decisions.score;
      const points = status.working_points.filter(point => point.armed);
      draw("score-chart", [counts, points.map(point => point.threshold)], () => {
        const seen = densities(bounds, counts);
        const expected = reference ? densities(bounds, reference) : [];
        const used = seen.map((each, index) =>
          each.share > 0 || (reference && reference[index] > 0));
        if (!used.includes(true)) return note("No event has been scored yet.");
        const [first, last] = [used.indexOf(true), used.lastIndexOf(true)];
        const [width, height] = [widthOf("score-chart"), 240];
        const [right, top, bottom] = [width - 10, 28, height - 38];
        const low = Math.log10(seen[first].low);
        const high = Math.max(Math.log10(seen[last].high),
          ...points.map(point => Math.log10(point.threshold) + .1));
        const x = logScale(low, high, left, right);
        const values = seen.concat(expected).map(each => each.density).filter(each => each > 0);
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
          text(left - 46, 12, "start", "share per decade"));
        for (const each of seen) if (each.density > 0)
          parts.push(s("rect", {class: "f0 soft-fill", x: x(each.low), y: y(each.density),
            width: Math.max(0, x(each.high) - x(each.low) - .7),
            height: bottom - y(each.density)}));
        const outline = [];
        expected.slice(first, last + 1).forEach(each => outline.push(
          [x(each.low), y(each.density)], [x(each.high), y(each.density)]));
        if (outline.length) parts.push(path(outline, "ref"));
        points.forEach((point, index) => {
          const at = x(point.threshold);
          parts.push(path([[at, top], [at, bottom]], "mark"));
          const near = at > right - 70;
          parts.push(text(at + (near ? -4 : 4), top + 10 + 14 * index, near ? "end" : "start",
            point.name));
        });
        parts.push(path([[left, bottom], [right, bottom]], "axis"));
        const total = counts.reduce((sum, each) => sum + each, 0);
        const title = `Histogram of ${whole(total)} scores over the calibration’s background, `
          + `with the thresholds of ${points.map(point => point.name).join(", ")}.`;
        return [svg("score-chart", height, title, parts), legend([
          [`stream, ${whole(total)} events`, areaMark("f0 soft-fill")],
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
            parts.push(s("rect", {class: "f2 soft-fill", x: x(each.low), y: y(each.share),
              width: Math.max(0, x(each.high) - x(each.low) - .7),
              height: bottom - y(each.share)}));
            if (index % every === 0)
              parts.push(text(x(each.high), height - 20, "middle", seconds(each.high)));
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
    """#
}
