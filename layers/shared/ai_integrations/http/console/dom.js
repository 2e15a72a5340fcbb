// Build elements. Texts become text nodes: nothing here, and nothing else in the console, parses HTML.

const SVG = "http://www.w3.org/2000/svg";

export const h = (name, attributes, ...children) => fill(document.createElement(name), attributes, children);
export const svg = (name, attributes, ...children) => fill(document.createElementNS(SVG, name), attributes, children);
export const button = (text, onclick, attributes) => h("button", { type: "button", onclick, ...attributes }, text);
export const byId = (id) => document.getElementById(id);

let lastId = 0;
export const newId = (prefix) => `${prefix}-${++lastId}`;

// Functions are listeners of events (`onclick`). True sets an attribute without a value; false, null and undefined set
// none.
function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (typeof value === "function") node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...content(children));
  return node;
}

export const replace = (node, ...children) => node.replaceChildren(...content(children));

const content = (children) => children.flat(Infinity).filter((child) => child != null && child !== false);

// Carry out an act instead of submitting a form.
export const onsubmit = (act) => (event) => {
  event.preventDefault();
  act();
};

// Run an act once at a time. The button keeps the focus, which it would lose if it were disabled.
export async function exclusively(trigger, act) {
  if (trigger.ariaDisabled) return;
  trigger.ariaDisabled = "true";
  await act().finally(() => { trigger.ariaDisabled = null; });
}

const SHOWN_FOR = 8000; // milliseconds
let hiding;

// Announce a result to screen readers, and show it for a while.
export function announce(text) {
  clearTimeout(hiding);
  byId("status").textContent = text;
  hiding = setTimeout(() => { byId("status").textContent = ""; }, SHOWN_FOR);
}
