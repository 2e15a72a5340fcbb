// Deleted integrations, and their restoration.

import { call, integrationPath, pages } from "./api.js";
import { announce, button, exclusively, h, replace } from "./dom.js";
import { ago, daysUntil, plural, user } from "./format.js";
import { PagedList } from "./paged-list.js";
import { providerName } from "./providers.js";
import { row, table } from "./table.js";
import { addressOf, heading, problemText } from "./views.js";

const COLUMNS = ["Integration", "Provider", "Deleted", "Can be restored for", "Restore"];

class DeletedList extends HTMLElement {
  connectedCallback() {
    const rows = table("Deleted integrations", COLUMNS, []);
    const list = new PagedList(rows.tBodies[0], { noun: "integration", empty: "There is nothing to restore." });
    this.problem = h("p", { role: "alert" });
    replace(this, heading("Deleted integrations"),
      h("p", {}, "A deleted integration can be restored with its key until its recovery window ends."),
      this.problem, list.state, rows, list.footer);
    list.read(() => pages("deleted-ai-integrations", "deleted_ai_integrations", { limit: 100 }),
      (page) => page.map((each) => this.row(each)));
  }

  row({ id, name, provider, deleted_at: at, deleted_by_user_id: by, restorable_until: until }) {
    const restore = (event) => exclusively(event.target, () => this.restore(id, name));
    return row(COLUMNS, [
      name, providerName(provider), `${ago(at)} by ${user(by)}`, plural(daysUntil(until), "day"),
      button("Restore", restore, { "aria-label": `Restore ${name}` }),
    ]);
  }

  async restore(id, name) {
    replace(this.problem);
    try {
      await call("POST", integrationPath(id, "/restore"));
      location.hash = addressOf(id);
      announce(`${name} was restored.`);
    } catch (error) {
      replace(this.problem, problemText(error));
    }
  }
}

customElements.define("deleted-list", DeletedList);
