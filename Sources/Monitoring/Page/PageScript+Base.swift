/// The page's script, in parts: it asks for `status`, and draws.
enum PageScript {
  /// Everything, in one scope of its own.
  static let source =
    "\"use strict\";(() => {\n"
    + [base, numbers, charts, scoreCharts, pointChart, decisions, account, parts, banner, polling]
    .joined(separator: "\n") + "\n})();\n"

  /// Elements. All text goes in as text: a feature's name can hold anything.
  static let base = #"""
    const $ = id => document.getElementById(id);
    const put = (node, attributes, children) => {
      for (const [name, value] of Object.entries(attributes || {}))
        if (value !== null && value !== undefined) node.setAttribute(name, value);
      for (const child of [].concat(children === undefined ? [] : children))
        if (child !== null) node.append(child);
      return node;
    };
    const h = (tag, attributes, children) =>
      put(document.createElement(tag), attributes, children);
    const s = (tag, attributes, children) =>
      put(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

    // A place is drawn again only when what it shows has changed, so that a selection, or where a
    // screen reader is, survives.
    const drawn = new Map();
    const draw = (id, facts, make) => {
      const key = JSON.stringify([facts, $(id).clientWidth]);
      if (drawn.get(id) === key) return;
      drawn.set(id, key);
      $(id).replaceChildren(...[].concat(make(facts)).filter(each => each !== null));
    };

    // A number that is a metric carries its name and its whole value beside the rounded text.
    const metric = (name, value, text) =>
      h("span", {"data-metric": name, "data-value": value === null ? "NaN" : value}, text);
    const counted = (name, value) => metric(name, value, whole(value));
    const label = (name, key, value) => `${name}{${key}="${value}"}`;
    const facts = pairs => h("dl", {class: "facts"}, pairs.filter(pair => pair).flatMap(
      ([term, value]) => [h("dt", {}, term), h("dd", {}, value)]));
    const table = (caption, heads, rows) => h("table", {}, [
      h("caption", {}, caption),
      h("thead", {}, h("tr", {}, heads.map(head => h("th", {scope: "col"}, head)))),
      h("tbody", {}, rows)]);
    const row = cells => h("tr", {}, cells.map(
      (cell, index) => index ? h("td", {}, cell) : h("th", {scope: "row"}, cell)));
    const note = text => h("p", {class: "note"}, text);
    const sign = (good, goodText, badText) =>
      h("span", {class: good ? "sign-good" : "sign-bad"},
        good ? `✓ ${goodText}` : `✕ ${badText}`);
    """#

  /// Numbers as people read them.
  static let numbers = #"""
    const whole = value => value === null ? "–" : Math.round(value).toLocaleString("en-US")
      .replaceAll(",", "\u202f");
    const short = (value, digits = 3) => {
      if (value === null || !isFinite(value)) return "–";
      if (value === 0) return "0";
      const size = Math.abs(value);
      if (size < 1e-3 || size >= 1e6)
        return Number(value.toPrecision(digits)).toExponential().replace("e+", "e");
      if (size >= 10 ** (digits - 1)) return whole(value);
      return String(Number(value.toPrecision(digits)));
    };
    const percent = ratio => ratio === null ? "–" : `${short(ratio * 100)}\u00a0%`;
    const seconds = value => {
      if (value === null) return "–";
      if (value === 0) return "0\u00a0s";
      if (value < 1e-3) return `${short(value * 1e6)}\u00a0µs`;
      if (value < 1) return `${short(value * 1e3)}\u00a0ms`;
      if (value < 120) return `${short(value)}\u00a0s`;
      if (value < 7200) return `${Math.round(value / 60)}\u00a0min`;
      if (value < 172800) return `${short(value / 3600)}\u00a0h`;
      return `${short(value / 86400)}\u00a0d`;
    };
    const bytes = value => {
      if (value === null) return "–";
      for (const unit of ["B", "kB", "MB", "GB"]) {
        if (value < 1000) return `${short(value)}\u00a0${unit}`;
        value /= 1000;
      }
      return `${short(value)}\u00a0TB`;
    };
    const pad = number => String(number).padStart(2, "0");
    const clock = time => {
      const date = new Date(time * 1000);
      return [date.getHours(), date.getMinutes(), date.getSeconds()].map(pad).join(":");
    };
    const dated = time => {
      const date = new Date(time * 1000);
      return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())} `
        + clock(time);
    };
    """#
}
