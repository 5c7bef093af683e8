extension PageScript {
  /// Realised rates and their intervals, on one logarithmic axis.
  static let pointChart = #"""
    // Off where chance explains it neither in the stream nor in the calibration: a threshold from a
    // finite sample has a true rate somewhere in the calibration's interval.
    const isOff = point => {
      const [low, high] = point.calibrated_fpr_interval || [point.target_fpr, point.target_fpr];
      const {rate, lower, upper} = point.realised;
      return rate !== null && (high < lower || low > upper);
    };
    // Rates in units of their target: points of very different rates share one axis, and what is as
    // it should be stands on one line.
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
      const parts = ticks.flatMap(ratio => [
        path([[x(ratio), 4], [x(ratio), bottom]], ratio === 1 ? "target" : "grid"),
        text(x(ratio), bottom + 16, "middle", ratio)]);
      parts.push(text(right, height - 6, "end", "rate over target"));
      points.forEach((point, index) => {
        const y = index * rowHeight + 32;
        const {rate, lower, upper} = point.realised;
        const side = isOff(point) ? "out" : "in";
        const at = value => x(value / point.target_fpr);
        if (point.calibrated_fpr_interval) {
          const [from, to] = point.calibrated_fpr_interval.map(at);
          parts.push(s("rect", {class: "shade", x: from, y: y - 11, height: 22,
            width: Math.max(1, to - from)}));
        }
        const word = rate === null ? "no events yet"
          : !isOff(point) ? "on target"
          : rate > point.target_fpr ? "above target" : "below target";
        parts.push(text(start, y - 16, "start", `${point.name}: ${word}`, "name"));
        if (rate === null) return;
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
        ["realised since armed, with interval; orange: off target", s("g", {}, [
          s("path", {class: "whisker in", d: "M1 5.5H31"}),
          s("circle", {class: "fin", cx: 16, cy: 5.5, r: 4.5})])]])];
    };
    """#

  /// Working points, features and flagged events.
  static let decisions = #"""
    const rateWithInterval = (point, name) => [
      metric(label("tamis_realised_fpr", "working_point", name), point.rate, short(point.rate, 4)),
      " (",
      metric(label("tamis_realised_fpr_lower", "working_point", name), point.lower,
        short(point.lower, 4)), " to ",
      metric(label("tamis_realised_fpr_upper", "working_point", name), point.upper,
        short(point.upper, 4)), ")"];
    const workingPoints = status => {
      const points = status.working_points.filter(point => point.armed && point.realised);
      const former = status.working_points.filter(point => !point.armed);
      if (points.length) draw("points-chart", points, pointChart);
      draw("points", [points, former], () => {
        const narrow = $("points").clientWidth < 560;
        const of = (point, key) => label(key, "working_point", point.name);
        const confidence = points.length ? percent(points[0].realised.confidence) : "";
        const values = point => [
          metric(of(point, "tamis_target_fpr"), point.target_fpr, short(point.target_fpr)),
          rateWithInterval(point.realised, point.name),
          metric(of(point, "tamis_threshold"), point.threshold, short(point.threshold, 5)),
          whole(point.prescale),
          counted(of(point, "tamis_events_fired_total"), point.fired),
          counted(of(point, "tamis_events_flagged_total"), point.flagged)];
        const heads = ["target", `realised (${confidence})`, "threshold", "prescale", "fired",
          "flagged"];
        const old = former.map(point => note([
          `${point.name}, of earlier arms: `,
          counted(of(point, "tamis_events_fired_total"), point.fired), " fired, ",
          counted(of(point, "tamis_events_flagged_total"), point.flagged), " flagged."]));
        if (narrow) return points.flatMap(point => [h("h3", {}, point.name),
          facts(values(point).map((value, index) => [heads[index], value]))]).concat(old);
        return [table("Rates are events fired over events scored "
          + "since the arms came into force, counts are since the start.", ["working point", ...heads],
          points.map(point => row([point.name, ...values(point)]))), ...old];
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
    const flags = status => draw("flags", status.last_flags, list => {
      if (!list.length) return note("No event has been flagged for its score yet.");
      const cell = (content, name) => h("td", {class: name}, content);
      return h("table", {}, [h("thead", {}, h("tr", {}, [
        ["time", "l"], ["run and event", "l"], ["score", ""], ["fired", "l hide-small"],
        ["because of", "l"]].map(([head, name]) => h("th", {scope: "col", class: name}, head)))),
        h("tbody", {}, list.slice(0, 10).map(flag => h("tr", {}, [
          h("th", {scope: "row", class: "nowrap"}, clock(flag.time)),
          cell(h("span", {title: `journal number ${flag.number}, source ${flag.source}, `
            + `sequence ${flag.sequence}`}, `${flag.run} / ${flag.event}`), "l"),
          cell(short(flag.score, 4), ""),
          cell(flag.working_points.join(", "), "l hide-small"),
          cell(flag.top_features.slice(0, 3).map(each =>
            `${each.name} ${percent(each.share)}`).join(", "), "l")])))]);
    });
    """#
}
