extension PageScript {
  /// Realised rates and their intervals, on one logarithmic axis.
  static let pointChart = #"""
    const isOff = point => point.realised.rate !== null && (
      point.target_fpr < point.realised.lower || point.target_fpr > point.realised.upper);
    const pointChart = points => {
      const id = "points-chart";
      const rates = points.flatMap(point => [point.target_fpr, point.realised.rate,
        point.realised.lower, point.realised.scored ? point.realised.upper : null,
        ...(point.calibrated_fpr_interval || [])]).filter(rate => rate > 0);
      const [width, rowHeight] = [widthOf(id), 46];
      const height = points.length * rowHeight + 30;
      const low = Math.log10(Math.min(...rates)) - .15;
      const high = Math.max(Math.log10(Math.max(...rates)) + .15, low + .6);
      const [start, right, bottom] = [8, width - 8, height - 26];
      const scale = logScale(low, high, start, right);
      const x = rate => rate > 10 ** low ? Math.min(right, scale(rate)) : start;
      const digits = high - low < width / 300 ? [1, 2, 5] : [1];
      const ticks = digits.flatMap(digit => decades(low - 1, high, digits.length > 1 ? 99
        : width / 80).map(each => digit * 10 ** each))
        .filter(rate => Math.log10(rate) >= low && Math.log10(rate) <= high);
      const parts = ticks.flatMap(rate => [
        path([[x(rate), 4], [x(rate), bottom]], "grid"),
        text(x(rate), height - 10, "middle", short(rate))]);
      points.forEach((point, index) => {
        const y = index * rowHeight + 32;
        const {rate, lower, upper} = point.realised;
        const side = isOff(point) ? "out" : "in";
        if (point.calibrated_fpr_interval) {
          const [from, to] = point.calibrated_fpr_interval.map(x);
          parts.push(s("rect", {class: "shade", x: from, y: y - 11, height: 22,
            width: Math.max(1, to - from)}));
        }
        const word = rate === null ? "no events yet"
          : !isOff(point) ? "on target"
          : rate > point.target_fpr ? "above target" : "below target";
        parts.push(text(start, y - 16, "start", `${point.name}: ${word}`, "name"));
        parts.push(path([[x(point.target_fpr), y - 13], [x(point.target_fpr), y + 13]], "target"));
        if (rate === null) return;
        const [from, to] = [x(lower), x(upper)];
        parts.push(path([[from, y], [to, y]], `whisker ${side}`),
          path([[from, y - 5], [from, y + 5]], `whisker ${side}`),
          path([[to, y - 5], [to, y + 5]], `whisker ${side}`));
        if (rate > 0) parts.push(s("circle", {cx: x(rate), cy: y, r: 6, class: `f${side}`}));
      });
      const title = "False-positive rates: " + points.map(point => `${point.name} realised `
        + `${short(point.realised.rate)}, target ${short(point.target_fpr)}`).join("; ") + ".";
      return [svg(id, height, title, parts), legend([
        ["target", s("path", {class: "target", d: "M16 0V11"})],
        ["calibration’s interval", areaMark("shade")],
        ["realised since armed, with its interval; orange where off target", s("g", {}, [
          s("path", {class: "whisker in", d: "M1 5.5H31"}),
          s("circle", {class: "fin", cx: 16, cy: 5.5, r: 4.5})])]])];
    };
    """#

  /// Working points, features and flagged events.
  static let decisions = #"""
    const rateWithInterval = (point, name) => [
      metric(label("tamis_realised_fpr", "working_point", name), point.rate, short(point.rate)),
      " (",
      metric(label("tamis_realised_fpr_lower", "working_point", name), point.lower,
        short(point.lower)), " to ",
      metric(label("tamis_realised_fpr_upper", "working_point", name), point.upper,
        short(point.upper)), ")"];
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
        return [table("Rates are events fired over events scored.", ["working point", ...heads],
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
