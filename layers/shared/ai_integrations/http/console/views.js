// What all views have in common.

import { announce, h } from "./dom.js";

// The heading of a view gets the focus, so that screen readers start there after a navigation.
export function heading(text) {
  document.title = `${text} – AI integrations`;
  const title = h("h1", { tabindex: "-1" }, text);
  queueMicrotask(() => title.focus());
  return title;
}

export const addressOf = (id) => `#/integrations/${encodeURIComponent(id)}`;
export const linkTo = (id, text) => h("a", { href: addressOf(id) }, text);

// Start an act that may fail before it has a dialog to show the problem in.
export async function attempt(act) {
  try {
    await act();
  } catch (error) {
    announce(error.message);
  }
}

// The detail of a problem document: what happened, then what to do.
export const problemText = (error) => h("span", { class: "bad" }, error.message);
