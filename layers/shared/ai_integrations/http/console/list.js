// The list of integrations: search, filters and pages.

import { pages } from "./api.js";
import { button, h, replace } from "./dom.js";
import { healthBadge, healthOf, keyBadge, keyOf, lastUse, ListedKeys, unlessGone } from "./facts.js";
import { field, select } from "./fields.js";
import { plural } from "./format.js";
import { places, scopeNames } from "./places.js";
import { providerName, PROVIDERS } from "./providers.js";
import { row, table } from "./table.js";
import { heading, problemText } from "./views.js";
import { whenVisible } from "./visible.js";

const COLUMNS = ["Name", "Provider", "Visible to", "Key", "Last use", "Health"];
const ROWS_AT_ONCE = 50;
const TYPING_PAUSE = 250; // milliseconds

class IntegrationList extends HTMLElement {
  async connectedCallback() {
    this.name = h("input", { type: "search", maxlength: 255, oninput: () => this.searchSoon() });
    this.provider = select({ "": "All providers", ...labels(PROVIDERS) }, { onchange: () => this.search() });
    this.space = select({ "": "All spaces" }, { onchange: () => this.search() });
    this.state = h("p", { role: "status" });
    this.rows = table("Integrations", COLUMNS, []);
    this.more = button("Show more", () => this.show(), { hidden: true });
    replace(this,
      h("div", { class: "title" }, heading("Integrations"), h("a", { class: "button", href: "#/new" }, "New integration")),
      h("search", { class: "filters" }, field("Name", this.name), field("Provider", this.provider), field("Visible to space", this.space)),
      this.state, this.rows, h("p", { class: "buttons" }, this.more));
    this.search();
    this.offerSpaces();
  }

  async offerSpaces() {
    const { spaces } = await places();
    this.space.append(...spaces.map(({ id, name }) => h("option", { value: id }, name)));
    this.space.closest("label").hidden = !spaces.length;
  }

  searchSoon() {
    clearTimeout(this.typing);
    this.typing = setTimeout(() => this.search(), TYPING_PAUSE);
  }

  search() {
    const query = { name: this.name.value.trim(), space_id: this.space.value, limit: ROWS_AT_ONCE };
    const keys = query.name || query.space_id ? null : new ListedKeys();
    this.current = { pages: pages("ai-integrations", "ai_integrations", query), keyOf: (id) => (keys ? keys.of(id) : keyOf(id)) };
    replace(this.rows.tBodies[0]);
    this.show();
  }

  // The API does not filter by provider, so this reads pages until there are enough rows.
  async show() {
    const search = this.current;
    const body = this.rows.tBodies[0];
    const enough = body.rows.length + ROWS_AT_ONCE;
    this.more.hidden = true;
    this.state.textContent = "Loading …";
    try {
      const known = await places();
      let done = false;
      while (!done && body.rows.length < enough) {
        const page = await search.pages.next();
        if (search !== this.current) return; // a newer search replaced this one
        done = page.done;
        const found = (page.value ?? []).filter(({ provider }) => !this.provider.value || provider === this.provider.value);
        body.append(...found.map((each) => this.row(each, known)));
      }
      this.more.hidden = done;
      this.state.textContent = summary(body.rows.length, done);
    } catch (error) {
      replace(this.state, problemText(error), " ", button("Try again", () => this.search()));
    }
  }

  row(integration, known) {
    const [key, use, health] = [h("span", {}, "…"), h("span", {}, "…"), h("span", {}, "…")];
    const { id, name, provider, scopings } = integration;
    const { keyOf: readKey } = this.current;
    const tr = row(COLUMNS, [h("a", { href: `#/integrations/${encodeURIComponent(id)}` }, name), providerName(provider), scopeNames(scopings, known), key, use, health]);
    whenVisible(tr, async () => {
      const [facts, result] = await Promise.all([unlessGone(readKey(id)), unlessGone(healthOf(id))]).catch(() => []);
      replace(key, facts ? keyBadge(facts) : "–");
      replace(use, facts ? lastUse(facts.last_used_at) : "–");
      replace(health, result ? healthBadge(result) : "–");
    });
    return tr;
  }
}

const labels = (table) => Object.fromEntries(Object.entries(table).map(([value, { label }]) => [value, label]));

function summary(count, done) {
  if (count === 0) return "No integration matches. Change the filters, or create one.";
  return `${plural(count, "integration")}${done ? "" : ", and more"}`;
}

customElements.define("integration-list", IntegrationList);
