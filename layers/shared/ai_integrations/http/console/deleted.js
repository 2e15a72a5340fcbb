// Deleted integrations, and their restoration.

import { all, call, integrationPath } from "./api.js";
import { card } from "./cards.js";
import { announce, button, h, onsubmit, replace } from "./dom.js";
import { formField, input, showProblem } from "./fields.js";
import { ago, daysAgo, daysUntil, plural, user } from "./format.js";
import * as session from "./session.js";
import { table } from "./table.js";
import { addressOf, heading } from "./views.js";

const LONGEST_WINDOW = 30; // days that a deleted integration can be restored, at most

// The API lists no deleted integrations. Those of this session have names and an end, those of the audit log have ids.
const deleted = new Map();
session.changes.addEventListener("change", () => deleted.clear());

export const rememberDeleted = (integration) => deleted.set(integration.id, { ...integration, deletedAt: new Date().toISOString() });

class DeletedList extends HTMLElement {
  connectedCallback() {
    const id = input();
    this.summary = h("div", { role: "alert", class: "bad" });
    this.form = h("form", { class: "card form", onsubmit: onsubmit(() => this.restore(id.value.trim())) },
      h("h2", {}, "Restore by ID"),
      formField("/id", "ID of the integration", id, { required: true, note: "The audit log and the change event of the deletion contain it." }),
      this.summary, h("p", { class: "buttons" }, h("button", {}, "Restore")));
    replace(this, heading("Deleted integrations"),
      h("p", {}, "A deleted integration can be restored with its key until its recovery window ends."),
      card("Recently deleted", () => this.list()), this.form);
  }

  async list() {
    const found = new Map([...(session.isAdmin() ? await recorded() : []), ...deleted]);
    if (!found.size) return h("p", { class: "soft" }, session.isAdmin() ? "None in the last 30 days." : "None in this session.");
    const rows = [...found.values()].map(({ id, name, deletedAt, deletedBy, restorableUntil }) => [
      name ?? h("code", {}, id), `${ago(deletedAt)}${deletedBy ? ` by ${user(deletedBy)}` : ""}`,
      restorableUntil ? `${plural(daysUntil(restorableUntil), "more day")}` : "Until its recovery window ends",
      button("Restore", () => this.restore(id), { "aria-label": `Restore ${name ?? id}` }),
    ]);
    return table("Deleted integrations", ["Integration", "Deleted", "Can be restored", "Restore"], rows);
  }

  async restore(id) {
    try {
      const { body } = await call("POST", integrationPath(id, "/restore"));
      deleted.delete(id);
      location.hash = addressOf(id);
      announce(`${body.name} was restored.`);
    } catch (error) {
      showProblem(this.form, this.summary, error);
    }
  }
}

// The integrations whose last deletion in the audit log is newer than their last restoration. Newest first.
async function recorded() {
  const query = { operation_name: ["deleteAiIntegration", "restoreAiIntegration"], start_time: daysAgo(LONGEST_WINDOW) };
  const newest = new Map();
  for (const log of await all("audit-logs", "logs", query)) {
    const { resource_id: id } = JSON.parse(log.variables);
    if (!newest.has(id)) newest.set(id, { id, deletedAt: log.created_at, deletedBy: log.user_id, operation: log.operation_name });
  }
  return [...newest].filter(([, { operation }]) => operation === "deleteAiIntegration");
}

customElements.define("deleted-list", DeletedList);
