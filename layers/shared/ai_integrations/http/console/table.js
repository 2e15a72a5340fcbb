// A table that becomes a list of cards in a narrow window. The roles keep its meaning there, where CSS changes `display`.

import { h } from "./dom.js";

export function table(label, columns, rows) {
  const body = h("tbody", { role: "rowgroup" }, rows.map((cells) => row(columns, cells)));
  return h("table", { role: "table", "aria-label": label },
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, columns.map((each) => h("th", { role: "columnheader", scope: "col" }, each)))),
    body);
}

export function row(columns, [first, ...others]) {
  return h("tr", { role: "row" },
    h("th", { role: "rowheader", scope: "row" }, first),
    others.map((each, index) => h("td", { role: "cell", "data-label": columns[index + 1] }, h("span", {}, each))));
}
