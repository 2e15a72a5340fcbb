// What all views have in common.

import { h } from "./dom.js";

// The heading of a view gets the focus, so that screen readers start there after a navigation. The user may have left
// the view before it was loaded.
export function heading(text) {
  const title = h("h1", { tabindex: "-1" }, text);
  queueMicrotask(() => {
    if (!title.isConnected) return;
    document.title = `${text} – AI integrations`;
    title.focus();
  });
  return title;
}

export const addressOf = (id) => `#/integrations/${encodeURIComponent(id)}`;
export const linkTo = (id, text) => h("a", { href: addressOf(id) }, text);

// The detail of a problem document: what happened, then what to do.
export const problemText = (error) => h("span", { class: "bad" }, error.message);
