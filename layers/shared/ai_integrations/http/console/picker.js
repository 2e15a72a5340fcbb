// Choose several values: type to find one, press Enter to add it, and remove those that are not wanted.

import { Problem } from "./api.js";
import { button, h, newId, replace } from "./dom.js";
import { input } from "./fields.js";
import { afterPause } from "./pauses.js";

class ValuePicker extends HTMLElement {
  #options = []; // {value, label}
  #chosen = [];

  constructor() {
    super();
    const listId = newId("options");
    this.options = h("datalist", { id: listId });
    this.entry = input({ list: listId, onkeydown: (event) => this.#onKey(event) });
    this.list = h("ul", { class: "chips" });
    this.message = h("span", { role: "status", class: "soft" });
  }

  // `label` names a value. `accepts` turns a text that is no option into a value, or into null if only options are
  // allowed. `search` finds the options for a text.
  setUp({ chosen = [], label, accepts = () => null, search }) {
    this.#chosen = [...chosen];
    Object.assign(this, { label, accepts });
    if (search) this.entry.addEventListener("input", afterPause(() => this.#search(search)));
    replace(this, this.list, h("div", { class: "row" }, this.entry, this.options, button("Add", () => this.#add())), this.message);
    this.#show();
    return this;
  }

  offer(options) {
    this.#options = options;
    replace(this.options, options.map(({ label }) => h("option", { value: label })));
  }

  // A text that was typed, but not added, counts. Without one that names nothing, access could be wider than intended.
  get values() {
    this.#add();
    const detail = this.entry.value.trim() && "Choose one of the suggestions, or clear the field.";
    if (detail) throw new Problem(0, { detail, errors: [{ pointer: this.closest("[data-pointer]").dataset.pointer, detail }] });
    return this.#chosen;
  }

  async #search(search) {
    const text = this.entry.value;
    try {
      const found = await search(text);
      if (text === this.entry.value) this.offer(found);
    } catch (error) {
      this.message.textContent = error.message;
    }
  }

  #onKey(event) {
    if (event.key !== "Enter") return;
    event.preventDefault(); // Enter would submit the form
    this.#add();
  }

  #add() {
    const text = this.entry.value.trim();
    if (!text) return;
    const value = this.#options.find(({ label }) => label === text)?.value ?? this.accepts(text);
    if (value == null) {
      this.message.textContent = "Choose one of the suggestions.";
      return;
    }
    this.entry.value = "";
    if (!this.#chosen.some((each) => same(each, value))) this.#chosen.push(value);
    this.#show();
    this.message.textContent = `${text} added.`;
  }

  #remove(value) {
    this.#chosen = this.#chosen.filter((each) => each !== value);
    this.#show();
    this.message.textContent = `${this.label(value)} removed.`;
    this.entry.focus();
  }

  #show() {
    replace(this.list, this.#chosen.map((value) => {
      const label = this.label(value);
      return h("li", {}, label, " ", button("×", () => this.#remove(value), { "aria-label": `Remove ${label}` }));
    }));
  }
}

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

customElements.define("value-picker", ValuePicker);

export const picker = (settings) => h("value-picker").setUp(settings);
