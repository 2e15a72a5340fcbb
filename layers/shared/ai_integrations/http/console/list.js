// The list of integrations, with search and filters.

import { pages } from "./api.js";
import { h, replace } from "./dom.js";
import { healthBadge, healthOf, keyBadge, keyOf, lastUse, ListedKeys } from "./facts.js";
import { field, select } from "./fields.js";
import { PagedList } from "./paged-list.js";
import { afterPause } from "./pauses.js";
import { places, scopeNames } from "./places.js";
import { labels, providerName, PROVIDERS } from "./providers.js";
import { row, table } from "./table.js";
import { heading, linkTo } from "./views.js";
import { whenVisible } from "./visible.js";

const COLUMNS = ["Name", "Provider", "Visible to", "Key", "Last use", "Health"];

class IntegrationList extends HTMLElement {
  connectedCallback() {
    const search = () => this.search();
    this.name = h("input", { type: "search", maxlength: 255, oninput: afterPause(search) });
    this.provider = select({ "": "All providers", ...labels(PROVIDERS) }, { onchange: search });
    this.space = select({ "": "All spaces" }, { onchange: search });
    const rows = table("Integrations", COLUMNS, []);
    this.list = new PagedList(rows.tBodies[0], { noun: "integration", empty: "No integration matches. Change the filters, or create one." });
    replace(this,
      h("div", { class: "title" }, heading("Integrations"), h("a", { class: "button", href: "#/new" }, "New integration")),
      h("search", { class: "filters" }, field("Name", this.name), field("Provider", this.provider), field("Visible to space", this.space)),
      this.list.state, rows, this.list.footer);
    this.search();
  }

  offerSpaces({ spaces }) {
    if (this.space.length === 1) this.space.append(...spaces.map(({ id, name }) => h("option", { value: id }, name)));
    this.space.closest("label").hidden = !spaces.length;
  }

  // The API does not filter by provider, so rows of other providers are left out here.
  search() {
    const query = { name: this.name.value.trim(), space_id: this.space.value, limit: 50 };
    const provider = this.provider.value;
    const keys = query.name || query.space_id ? { of: keyOf } : new ListedKeys();
    places().catch(() => null); // the rows, which need them, show the problem
    this.list.read(() => pages("ai-integrations", "ai_integrations", query), async (page) => {
      const known = await places();
      this.offerSpaces(known);
      return page.filter((each) => !provider || each.provider === provider).map((each) => integrationRow(each, keys, known));
    });
  }
}

// Key and health are read when the row becomes visible. A dash stands for what could not be read.
function integrationRow({ id, name, provider, scopings }, keys, known) {
  const [key, use, health] = ["…", "…", "…"].map((each) => h("span", {}, each));
  const tr = row(COLUMNS, [linkTo(id, name), providerName(provider), scopeNames(scopings, known), key, use, health]);
  whenVisible(tr, async () => {
    const [facts, result] = await Promise.all([keys.of(id), healthOf(id)].map((each) => each.catch(() => null)));
    replace(key, facts ? keyBadge(facts) : "–");
    replace(use, facts ? lastUse(facts.last_used_at) : "–");
    replace(health, result ? healthBadge(result) : "–");
  });
  return tr;
}

customElements.define("integration-list", IntegrationList);
