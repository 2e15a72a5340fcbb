// A list that grows page by page, with its states: loading, empty, more, and failed.

import { button, h, replace } from "./dom.js";
import { plural } from "./format.js";
import { problemText } from "./views.js";

const ROWS_AT_ONCE = 50;

export class PagedList {
  // Rows are added to `container`. `noun` names one of them, and `empty` is the text without any.
  constructor(container, { noun, empty, onchange }) {
    Object.assign(this, { container, noun, empty, onchange });
    this.state = h("p", { role: "status" });
    this.more = button("Show more", () => this.show());
    this.footer = h("p", { class: "buttons", hidden: true }, this.more);
  }

  // Begin with other pages. `start` returns their iterator. `toRows` turns the items of a page into elements, and may
  // leave some out.
  read(start, toRows) {
    this.again = () => this.read(start, toRows);
    this.source = { pages: start(), toRows };
    replace(this.container);
    return this.show();
  }

  async show() {
    const { source, container } = this;
    const before = container.childElementCount;
    const enough = before + ROWS_AT_ONCE;
    const hadFocus = this.footer.contains(document.activeElement);
    this.footer.hidden = true;
    this.state.textContent = "Loading …";
    try {
      let done = false;
      while (!done && container.childElementCount < enough) {
        const page = await source.pages.next();
        if (source !== this.source) return; // other pages replaced these
        const rows = page.done ? [] : await source.toRows(page.value);
        if (source !== this.source) return;
        done = page.done;
        container.append(...rows);
      }
      this.footer.hidden = done;
      this.state.textContent = this.summary(container.childElementCount, done);
      if (hadFocus) container.children[before]?.querySelector("a, button")?.focus();
      this.onchange?.();
    } catch (error) {
      if (source !== this.source) return;
      replace(this.state, problemText(error), " ", button("Try again", this.again));
    }
  }

  summary(count, done) {
    return count ? `${plural(count, this.noun)}${done ? "" : ", and more"}` : this.empty;
  }
}
