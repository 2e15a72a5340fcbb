// Charts as SVG. Each has a text that states what it shows, so that it can be read without seeing it.

import { h, newId, svg } from "./dom.js";
import { plural } from "./format.js";

const WIDTH = 600;
const HEIGHT = 130;
const BASE = 105; // the y of the axis
const TOP = 20;
const MOST_NUMBERS = 20; // bars above which there is room for a number
const ROW = 26;
const NAMES = 150; // the width of the names beside a time line

// `bars` are {value, title}, some with a label below. A marked bar is hatched, so that it differs without colour. `limit`
// is a line before the bar with this index.
export function barChart({ title, unit, bars, limit }) {
  const highest = Math.max(1, ...bars.map(({ value }) => value));
  const step = WIDTH / bars.length;
  const scale = (value) => (value / highest) * (BASE - TOP);
  const hatch = hatching();
  const columns = bars.map(({ label, value, title: words, marked }, index) => svg("g", {},
    svg("title", {}, words),
    rect(marked && hatch, { x: (index + 0.1) * step, width: step * 0.8, y: BASE - scale(value), height: scale(value) }),
    value > 0 && bars.length <= MOST_NUMBERS && svg("text", { x: (index + 0.5) * step, y: BASE - scale(value) - 4 }, value),
    label && svg("text", { x: index * step + 2, y: HEIGHT - 8 }, label)));
  const line = limit && [
    svg("line", { class: "limit", x1: limit.index * step, x2: limit.index * step, y1: 4, y2: BASE }),
    svg("text", { x: limit.index * step + 5, y: 13 }, limit.label)];
  const axis = svg("line", { class: "axis", x1: 0, x2: WIDTH, y1: BASE, y2: BASE });
  return figure(title, describe(bars, unit), HEIGHT, [hatch.node, columns, line, axis]);
}

// The ages of keys in days, in bars of equal width, of which the last has all that are older. The limit, if there is one, is between two of them.
export function ageHistogram(ages, limit) {
  const longest = Math.max(30, (limit ?? 0) * 1.25, ...ages.map((age) => age + 1));
  const width = limit ? limit / Math.ceil(limit / (longest / 12)) : Math.ceil(longest / 12);
  const count = Math.min(Math.ceil(longest / width), MOST_NUMBERS);
  const bars = Array.from({ length: count }, (_, index) => {
    const [from, to] = [Math.round(index * width), Math.round((index + 1) * width)];
    const last = index === count - 1;
    const value = ages.filter((age) => age >= index * width && (last || age < (index + 1) * width)).length;
    const range = last ? `${from} days or more` : `${from} to ${to} days`;
    return { value, label: String(from), marked: limit && from >= limit, title: `${range}: ${plural(value, "key")}` };
  });
  const line = limit && { index: limit / width, label: `limit: ${limit} days` };
  return barChart({ title: "Ages of the stored keys shown, in days", unit: "keys", bars, limit: line });
}

// `spans` are {name, length, marked} in milliseconds, one after the other.
export function timeLine(title, spans) {
  const total = Math.max(1, spans.reduce((sum, { length }) => sum + length, 0));
  const scale = (WIDTH - NAMES - 70) / total;
  const hatch = hatching();
  let start = NAMES;
  const rows = spans.map(({ name, length, marked }, index) => {
    const [x, y, width] = [start, index * ROW + 4, Math.max(2, length * scale)];
    start += length * scale;
    return svg("g", {},
      svg("text", { x: 0, y: y + 14 }, name),
      rect(marked && hatch, { x, y, width, height: ROW - 8 }),
      svg("text", { x: x + width + 5, y: y + 14 }, `${length} ms`));
  });
  return figure(title, spans.map(({ name, length }) => `${name}: ${length} ms`).join("; "), spans.length * ROW, [hatch.node, rows]);
}

const rect = (hatch, place) => svg("rect", { class: hatch ? "marked" : "bar", fill: hatch && hatch.url, rx: 2, ...place });

function figure(title, words, height, content) {
  return h("figure", {}, h("figcaption", {}, title),
    svg("svg", { viewBox: `0 0 ${WIDTH} ${height}`, role: "img", "aria-label": `${title}. ${words}.` }, content));
}

function describe(bars, unit) {
  const shown = bars.filter(({ value }) => value > 0).map(({ title }) => title);
  return shown.length ? shown.join("; ") : `No ${unit}`;
}

function hatching() {
  const id = newId("hatched");
  const node = svg("defs", {}, svg("pattern", { id, width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
    svg("rect", { class: "hatch-ground", width: 6, height: 6 }), svg("rect", { class: "hatch", width: 3, height: 6 })));
  return { node, url: `url(#${id})` };
}
