// Consumers: who may resolve integrations. For admins.

import { all, call, integrationPath } from "./api.js";
import { card } from "./cards.js";
import { dialogButton } from "./dialogs.js";
import { announce, h, replace } from "./dom.js";
import { lastUse } from "./facts.js";
import { moment, plural } from "./format.js";
import { grant } from "./grant.js";
import { places, scopeNames } from "./places.js";
import { table } from "./table.js";
import { heading } from "./views.js";

const GRANTED_BY = { integration_ids: "This integration", memberships: "Organizations and spaces", all_integrations: "All integrations" };

class ConsumerList extends HTMLElement {
  connectedCallback() {
    this.list = card("Granted access", () => this.load());
    replace(this,
      h("div", { class: "title" }, heading("Consumers"), dialogButton("Grant access", () => grant(null, this.list.reload), { class: "main" })),
      h("p", {}, "A consumer is an IAM role or user whose programs may resolve integrations."), this.list);
  }

  async load() {
    const [consumers, known] = await Promise.all([all("consumers", "consumers"), places()]);
    if (!consumers.length) return h("p", { class: "soft" }, "No consumer has access.");
    return table("Consumers", ["Consumer", "May resolve", "Until", "Revoke"], consumers.map((each) => [
      nameOf(each), grantText(each, known), each.expires_at ? moment(each.expires_at) : "No end",
      revokeButton(each, this.list.reload),
    ]));
  }
}

export function consumersCard({ id, name }) {
  const section = card("Consumers", async () => {
    const rows = await all(integrationPath(id, "/consumers"), "consumers");
    const cells = rows.map(({ consumer, granted_by: by, last_used_at: used }) => [
      nameOf(consumer), GRANTED_BY[by] ?? by, lastUse(used),
      by === "integration_ids" ? revokeButton(consumer, section.reload, { id, name }) : h("a", { href: "#/consumers" }, "See its grant"),
    ]);
    return [
      cells.length ? table("Consumers of this integration", ["Consumer", "Granted for", "Last use", "Revoke"], cells)
        : h("p", { class: "soft" }, "No consumer may resolve this integration."),
      h("p", { class: "buttons" }, dialogButton("Grant access", () => grant({ id, name }, section.reload))),
    ];
  });
  return section;
}

const nameOf = ({ name, principal_arn: arn }) => [name && [name, h("br")], h("span", { class: name && "soft" }, arn)];

function grantText({ integration_ids: ids, memberships }, known) {
  if (ids) return plural(ids.length, "integration");
  if (!memberships) return "All integrations";
  return memberships.length ? `What these see: ${scopeNames(memberships, known)}` : "Account-wide integrations";
}

const revokeButton = (consumer, ...rest) =>
  dialogButton("Revoke", () => revoke(consumer, ...rest), { class: "danger", "aria-label": `Revoke ${consumer.name ?? consumer.principal_arn}` });

// With `integration`, only the access to it ends: the grant keeps its other integrations, also those of other users since.
async function revoke({ id }, done, integration) {
  const path = `consumers/${id}`;
  const { body: consumer, etag } = await call("GET", path);
  const others = integration ? (consumer.integration_ids ?? []).filter((each) => each !== integration.id) : [];
  const what = others.length ? `access to ${integration.name}` : "its access";
  return {
    title: `Revoke ${what}?`,
    content: [h("p", {}, nameOf(consumer)), h("p", {}, "This applies to its next request. Credentials that it already has stay valid.")],
    action: "Revoke",
    danger: true,
    async onsubmit() {
      if (others.length) await call("PATCH", path, { body: { integration_ids: others }, etag });
      else await call("DELETE", path, { etag });
      announce("Access was revoked.");
      return done;
    },
  };
}

customElements.define("consumer-list", ConsumerList);
