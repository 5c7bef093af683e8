// Numbers as people read them.
// Whole numbers of 16 digits and more are beyond what a number of this language holds: they come as
// text and are shown digit by digit.
const token = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/g;
const parse = text => JSON.parse(text.replace(token,
  found => /^-?\d{16,}$/.test(found) ? `"${found}"` : found));
const whole = value => value === null ? "–"
  : (typeof value === "string" ? BigInt(value) : Math.round(value)).toLocaleString("en-US");
// A count that has to be short.
const brief = value => {
  if (value === null || Math.abs(value) < 1e6) return whole(value);
  for (const unit of ["", "k", "M", "G", "T", "P"]) {
    if (Math.abs(value) < 999.5) return `${short(Number(value))}\u00a0${unit}`;
    value /= 1000;
  }
  return `${short(value)}\u00a0E`;
};
const short = (value, digits = 3) => {
  if (value === null || !isFinite(value)) return "–";
  value = Number(value);
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 1e-3 || size >= 1e6)
    return Number(value.toPrecision(digits)).toExponential().replace("e+", "e");
  if (size >= 10 ** (digits - 1)) return whole(value);
  return String(Number(value.toPrecision(digits)));
};
// What JSON cannot say although it is there is beyond the range of a number.
const beyond = "∞";
const percent = (ratio, digits) =>
  ratio === null ? "–" : `${short(ratio * 100, digits)}\u00a0%`;
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
