// Elements. All text goes in as text: a feature's name can hold anything.
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
// For a table that is too narrow for all digits.
const countedBriefly = (name, value) =>
  put(metric(name, value, brief(value)), {title: whole(value)});
// Whether rows of texts find room in a place beside each other.
const isRoomFor = (id, rows) => $(id).clientWidth > rows[0].reduce((width, _, column) =>
  width + 12 + 9.5 * Math.max(...rows.map(each => each[column].length)), 0);
// Whether a table finds room in a place: there it is measured.
const isRoomForTable = (id, made) => {
  $(id).replaceChildren(made);
  return $(id).clientWidth >= 560 && made.scrollWidth <= made.clientWidth;
};
const label = (name, key, value) => `${name}{${key}="${value}"}`;
// Paths may break anywhere, numbers nowhere.
const isNumber = value => typeof value === "string" && /^[-–\d.,]+$/.test(value);
const facts = pairs => h("dl", {class: "facts"}, pairs.filter(pair => pair).flatMap(
  ([term, value]) => [h("dt", {}, term),
    h("dd", {class: isNumber(value) ? "nowrap" : null}, value)]));
// What is wider than its card is scrolled there, and not with the page.
const table = (caption, heads, rows) => h("div", {class: "scroll"}, h("table", {}, [
  h("caption", {}, caption),
  h("thead", {}, h("tr", {}, heads.map(head => h("th", {scope: "col"}, head)))),
  h("tbody", {}, rows)]));
const row = cells => h("tr", {}, cells.map(
  (cell, index) => index ? h("td", {}, cell) : h("th", {scope: "row"}, cell)));
// A line breaks between words alone: half a number would be a wrong one.
const words = text => text.split(" ").flatMap(
  word => word ? [h("span", {class: "word"}, word), " "] : []);
// A name without its middle where it has more than `most` characters: both ends tell it from others.
const elided = (name, most) => name.length <= most ? name
  : `${name.slice(0, Math.ceil((most - 1) / 2))}…${name.slice(name.length - Math.floor((most - 1) / 2))}`;
// A name of usual length stays whole, and beside what follows it; a longer one may break.
const named = (name, more) => h("span", {class: name.length < 14 ? "nowrap" : "long"},
  `${name}${more || ""}`);
const note = text => h("p", {class: "note"}, text);
const sign = (good, goodText, badText) =>
  h("span", {class: good ? "sign-good" : "sign-bad"},
    words(good ? `✓ ${goodText}` : `✕ ${badText}`));
