// The ages and the use of keys.

import { pages } from "./api.js";
import { ageHistogram } from "./charts.js";
import { h, replace } from "./dom.js";
import { keyBadge, lastUse } from "./facts.js";
import { field, select } from "./fields.js";
import { date } from "./format.js";
import { PagedList } from "./paged-list.js";
import { labels, providerName, PROVIDERS } from "./providers.js";
import { row, table } from "./table.js";
import { heading, linkTo } from "./views.js";

const COLUMNS = ["Integration", "Provider", "Key", "Set", "Last use", "Consumers"];
const AGES = [["", "Any age"], [30, "At least 30 days"], [90, "At least 90 days"], [180, "At least 180 days"], [365, "At least a year"]];
const UNUSED = [["", "Used or not"], [30, "Unused for 30 days"], [90, "Unused for 90 days"], [180, "Unused for 180 days"]];

class KeyList extends HTMLElement {
  connectedCallback() {
    const search = () => this.search();
    this.filters = {
      older_than_days: select(AGES, { onchange: search }),
      unused_for_days: select(UNUSED, { onchange: search }),
      provider: select({ "": "All providers", ...labels(PROVIDERS) }, { onchange: search }),
    };
    this.chart = h("div");
    const rows = table("Keys", COLUMNS, []);
    const empty = "No integration matches. Change the filters.";
    this.list = new PagedList(rows.tBodies[0], { noun: "integration", empty, onchange: () => this.draw() });
    const { older_than_days: age, unused_for_days: unused, provider } = this.filters;
    replace(this, heading("Keys"), this.chart,
      h("search", { class: "filters" }, field("Age", age), field("Use", unused), field("Provider", provider)),
      this.list.state, rows, this.list.footer);
    this.search();
  }

  search() {
    const query = Object.fromEntries(Object.entries(this.filters).map(([name, { value }]) => [name, value]));
    const start = () => {
      this.stored = [];
      return pages("keys", "keys", { ...query, limit: 100 });
    };
    this.list.read(start, (page) => {
      this.stored.push(...page.filter((each) => each.age_days != null));
      return page.map(keyRow);
    });
  }

  draw() {
    const ages = this.stored.map((each) => each.age_days);
    replace(this.chart, ages.length > 0 && ageHistogram(ages, this.stored[0].max_age_days));
  }
}

const keyRow = (key) => row(COLUMNS, [
  linkTo(key.integration_id, key.integration_name), providerName(key.provider), h("span", {}, keyBadge(key)),
  date(key.changed_at), lastUse(key.last_used_at), String(key.consumer_count),
]);

customElements.define("key-list", KeyList);
