// What all views have in common.

import { h } from "./dom.js";

// The heading of a view gets the focus, so that screen readers start there after a navigation.
export function heading(text) {
  document.title = `${text} – AI integrations`;
  const title = h("h1", { tabindex: "-1" }, text);
  queueMicrotask(() => title.focus());
  return title;
}

export const linkTo = (id, text) => h("a", { href: `#/integrations/${encodeURIComponent(id)}` }, text);

// The detail of a problem document: what happened, then what to do.
export const problemText = (error) => h("span", { class: "bad" }, error.message);
