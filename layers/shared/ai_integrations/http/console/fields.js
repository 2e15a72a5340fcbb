// Form fields with a label, a note and the message of a rule.

import { h, newId } from "./dom.js";

// A control inside its label needs no id.
export const field = (label, control) => h("label", {}, h("span", {}, label), control);

export function select(options, attributes) {
  const node = h("select", attributes);
  node.append(...Object.entries(options).map(([value, label]) => h("option", { value }, label)));
  return node;
}
