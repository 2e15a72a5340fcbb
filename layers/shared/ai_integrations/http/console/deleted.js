// Deleted integrations, and their restoration.

import { call, integrationPath } from "./api.js";
import { announce, button, h, replace } from "./dom.js";
import { formField, input, showProblem } from "./fields.js";
import { ago } from "./format.js";
import * as session from "./session.js";
import { table } from "./table.js";
import { heading } from "./views.js";

// The API does not list deleted integrations, so this page knows those that were deleted in this session.
const deleted = new Map();
session.changes.addEventListener("change", () => deleted.clear());

export const rememberDeleted = (id, name) => deleted.set(id, { id, name, deletedAt: new Date().toISOString() });

class DeletedList extends HTMLElement {
  connectedCallback() {
    this.summary = h("div", { role: "alert", class: "bad" });
    const id = input({});
    this.form = h("form", { class: "card form", onsubmit: (event) => { event.preventDefault(); this.restore(id.value.trim()); } },
      h("h2", {}, "Restore by ID"),
      formField("/id", "ID of the integration", id, { required: true, note: "The events and the log of its deletion have it." }),
      this.summary, h("p", { class: "buttons" }, h("button", {}, "Restore")));
    replace(this, heading("Deleted integrations"),
      h("p", {}, "A deleted integration can be restored with its key until its recovery window ends."),
      deleted.size ? this.table() : h("p", { class: "soft" }, "None was deleted in this session."), this.form);
  }

  table() {
    const rows = [...deleted.values()].map(({ id, name, deletedAt }) => [name, ago(deletedAt), button("Restore", () => this.restore(id), { "aria-label": `Restore ${name}` })]);
    return table("Deleted integrations", ["Name", "Deleted", "Restore"], rows);
  }

  async restore(id) {
    try {
      const { body } = await call("POST", integrationPath(id, "/restore"));
      deleted.delete(id);
      location.hash = `#/integrations/${encodeURIComponent(id)}`;
      announce(`${body.name} was restored.`);
    } catch (error) {
      showProblem(this.form, this.summary, error);
    }
  }
}

customElements.define("deleted-list", DeletedList);
