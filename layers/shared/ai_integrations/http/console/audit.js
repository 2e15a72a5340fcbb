// The audit log: who changed what. For admins.

import { get, integrationPath, pages } from "./api.js";
import { card } from "./cards.js";
import { h, replace } from "./dom.js";
import { statusBadge } from "./facts.js";
import { field, select } from "./fields.js";
import { daysAgo, moment, user } from "./format.js";
import { PagedList } from "./paged-list.js";
import { SETTINGS } from "./settings.js";
import { heading, linkTo } from "./views.js";
import { whenVisible } from "./visible.js";

// By the name of the operation: how it is named in the filter.
const OPERATIONS = {
  createAiIntegration: "Created an integration",
  updateAiIntegration: "Changed an integration",
  deleteAiIntegration: "Deleted an integration",
  restoreAiIntegration: "Restored an integration",
  rotateKey: "Rotated a key",
  rollKeyBack: "Rolled back a key",
  createConsumer: "Granted access",
  updateConsumer: "Changed a grant",
  revokeConsumer: "Revoked access",
  resolveAiIntegration: "Requested credentials",
};
// What a change of an integration or a consumer can name beside settings.
const OTHER_FIELDS = {
  api_key: "API key", federation: "Federation",
  integration_ids: "Integrations", memberships: "Organizations and spaces", all_integrations: "All integrations", expires_at: "Until",
};
const PERIODS = { 1: "Last day", 7: "Last 7 days", 30: "Last 30 days", 90: "Last 90 days" };

class AuditLog extends HTMLElement {
  connectedCallback() {
    const search = () => this.search();
    this.operation = select({ "": "All operations", ...OPERATIONS }, { onchange: search });
    this.period = select(PERIODS, { value: "30", onchange: search });
    const entries = h("ol", { class: "steps" });
    this.list = new PagedList(entries, { noun: "record", empty: "No record matches. Change the filters." });
    replace(this, heading("Audit log"),
      h("search", { class: "filters" }, field("Operation", this.operation), field("Period", this.period)),
      this.list.state, h("div", { class: "card" }, entries, this.list.footer));
    this.search();
  }

  search() {
    const query = { operation_name: this.operation.value, start_time: daysAgo(Number(this.period.value)), limit: 50 };
    this.list.read(() => pages("audit-logs", "logs", query), (page) => page.map((each) => entry(each, true)));
  }
}

export const historyCard = (id) => card("History", async () => {
  const { logs } = await get("audit-logs", { resource_id: id, limit: 10 });
  if (!logs.length) return h("p", { class: "soft" }, "No record in the last 30 days.");
  return h("ol", { class: "steps" }, logs.map((each) => entry(each, false)));
});

function entry({ user_id: userId, operation_name: operation, variables, created_at: time }, withResource) {
  const { resource_type: type, resource_id: id, changed_fields: fields = [], outcome, reason } = JSON.parse(variables);
  const changed = fields.map((each) => SETTINGS[each]?.label ?? OTHER_FIELDS[each] ?? each).join(", ");
  return h("li", { class: outcome === "denied" ? "failed" : "passed" },
    h("strong", {}, OPERATIONS[operation] ?? operation), outcome === "denied" && [" ", statusBadge("denied")],
    withResource && id && type === "ai_integration" && [": ", integrationLink(id)],
    changed && h("p", {}, `Changed: ${changed}`),
    reason && h("p", {}, `Reason: ${reason.replaceAll("_", " ")}`),
    h("p", { class: "soft" }, h("time", { datetime: time }, moment(time)), `, ${user(userId)}`));
}

// An entry has no name. The link gets the current one when it becomes visible; a deleted integration keeps its id.
function integrationLink(id) {
  const link = linkTo(id, id);
  whenVisible(link, async () => {
    const found = await get(integrationPath(id)).catch(() => null);
    if (found) link.textContent = found.name;
  });
  return link;
}

customElements.define("audit-log", AuditLog);
