// Parts of a view that load by themselves: one that fails does not hide the others.

import { button, h, replace } from "./dom.js";
import { problemText } from "./views.js";

export function card(title, load) {
  const content = h("div");
  const heading = h("h2", { tabindex: "-1" }, title);
  const section = h("section", { class: "card" }, heading, content);
  section.reload = async () => {
    if (content.contains(document.activeElement)) heading.focus(); // what has the focus is about to be replaced
    replace(content, h("p", { class: "soft" }, "Loading …"));
    try {
      replace(content, await load());
    } catch (error) {
      replace(content, h("p", {}, problemText(error)), button("Try again", section.reload));
    }
  };
  section.reload();
  return section;
}

// Pairs of a term and its value; those without a value are left out.
export function facts(pairs) {
  const shown = pairs.filter(([, value]) => value != null && value !== "");
  return h("dl", { class: "facts" }, shown.map(([term, value]) => h("div", {}, h("dt", {}, term), h("dd", { class: "lines" }, value))));
}

// A text to copy, and a button that does it.
export function copyable(label, text) {
  const state = h("span", { role: "status", class: "soft" });
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      state.textContent = "Copied.";
    } catch {
      state.textContent = "The browser did not copy it. Select the text, then copy it.";
    }
  };
  return h("div", { class: "copy" }, h("h3", {}, label), h("pre", { tabindex: "0", "aria-label": label }, text),
    h("p", {}, button("Copy", copy, { "aria-label": `Copy ${label}` }), " ", state));
}
