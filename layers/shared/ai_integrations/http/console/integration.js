// One integration: its facts, and what can be done with it.

import { call, integrationPath } from "./api.js";
import { historyCard } from "./audit.js";
import { card, facts } from "./cards.js";
import { barChart } from "./charts.js";
import { consumersCard } from "./consumers.js";
import { dialogButton } from "./dialogs.js";
import { h, replace } from "./dom.js";
import { keyBadge, keyOf, lastUse } from "./facts.js";
import { date, moment, plural, user } from "./format.js";
import { healthCard } from "./health.js";
import { places } from "./places.js";
import { providerName } from "./providers.js";
import { remove } from "./remove.js";
import { rollBack, rotate } from "./rotate.js";
import * as session from "./session.js";
import { HISTORY, SETTINGS, textOf } from "./settings.js";
import { federationCard, roleCard } from "./trust.js";
import { heading, problemText } from "./views.js";

// The card with what must trust an integration, by the kind of its key.
const TRUST = { federated: federationCard, role: roleCard };

class IntegrationPage extends HTMLElement {
  connectedCallback() {
    replace(this, h("p", { role: "status" }, "Loading …"));
    this.load();
  }

  async load() {
    const { id } = this.dataset;
    try {
      const [{ body, etag }, key, known] = await Promise.all([call("GET", integrationPath(id)), keyOf(id), places()]);
      this.show({ ...body, etag }, key, known, await mayChange(body));
    } catch (error) {
      replace(this, heading("Integration"), h("p", {}, problemText(error)), h("p", {}, toAll("See all integrations")));
    }
  }

  show(integration, key, known, changeable) {
    const { id, name, provider } = integration;
    replace(this,
      h("p", {}, toAll("Integrations")),
      h("div", { class: "title" },
        h("div", {}, heading(name), h("p", { class: "soft" }, providerName(provider))),
        changeable ? this.acts(integration, key) : h("p", { class: "soft" }, "You may read this integration, but not change it.")),
      h("div", { class: "cards" },
        h("div", {}, settingsCard(integration, known), session.isAdmin() && TRUST[key.kind]?.(id)),
        h("div", {}, keyCard(key), healthCard(id))),
      session.isAdmin() && [consumersCard(integration), historyCard(id)]);
  }

  acts(integration, key) {
    const again = () => this.load();
    return h("div", { class: "buttons" },
      h("a", { class: "button", href: `#/edit/${encodeURIComponent(integration.id)}` }, "Edit"),
      key.kind === "stored" && dialogButton("Rotate key", () => rotate(integration, again)),
      key.previous_key_usable_until && dialogButton("Roll back key", () => rollBack(integration, again)),
      dialogButton("Delete", () => remove(integration), { class: "danger" }));
  }
}

const toAll = (text) => h("a", { href: "#/integrations" }, text);

// Admins may change every integration. For others, a dry run that changes nothing shows whether they may. If it fails
// otherwise, the API decides later.
async function mayChange({ id, name }) {
  if (session.isAdmin()) return true;
  const dryRun = call("PATCH", integrationPath(id), { body: { name }, query: { dry_run: true } });
  return dryRun.then(() => true, (error) => error.status !== 403);
}

// The card of the key shows whether there is one.
const settingsCard = (integration, known) => card("Settings", () => {
  const { has_api_key: _, ...shown } = { ...SETTINGS, ...HISTORY };
  const pairs = Object.entries(shown).map(([name, row]) => [row.label, textOf(row, integration[name], known)]);
  return facts([...pairs, ["ID", h("code", {}, integration.id)]]);
});

const keyCard = (key) => card("Key", () => [
  facts([
    ["Kind", keyBadge(key)],
    ["Set", `${date(key.changed_at)} by ${user(key.changed_by_user_id)}`],
    ["Rotate within", key.max_age_days && plural(key.max_age_days, "day")],
    ["Previous key", key.previous_key_usable_until && `Usable until ${moment(key.previous_key_usable_until)}`],
    ["Last use", lastUse(key.last_used_at)],
    ["Used by", plural(key.consumer_count, "consumer")],
  ]),
  key.consumer_count > 0 && barChart({ title: "Consumers by day, last 30 days", unit: "use", bars: key.uses_by_day.map(dayBar) }),
]);

// A date below each seventh bar, without its year.
const dayBar = ({ date: day, consumers }, index) => ({
  value: consumers,
  label: index % 7 === 2 && date(day).replace(/ \d+$/, ""),
  title: `${date(day)}: ${plural(consumers, "consumer")}`,
});

customElements.define("integration-page", IntegrationPage);
