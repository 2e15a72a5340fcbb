// Delete an integration, after showing who uses it.

import { call, integrationPath } from "./api.js";
import { announce, h } from "./dom.js";
import { ago, date, plural } from "./format.js";

export async function remove({ id, etag, name }) {
  // A dry run checks the same rules, and deletes nothing.
  const { body: effect } = await call("DELETE", integrationPath(id), { etag, query: { dry_run: true } });
  return {
    title: `Delete ${name}?`,
    content: [
      users(effect),
      h("p", {}, `Programs can no longer resolve it, and its key is deleted. You can restore both until ${date(effect.restorable_until)}.`),
    ],
    action: "Delete",
    danger: true,
    async onsubmit() {
      await call("DELETE", integrationPath(id), { etag });
      location.hash = "#/deleted";
      announce(`${name} was deleted.`);
    },
  };
}

function users({ used_by: usedBy, used_by_count: count }) {
  if (!count) return h("p", {}, "No consumer used it in the last 30 days.");
  const others = count - usedBy.length;
  return [
    h("p", {}, `${plural(count, "consumer")} used it in the last 30 days:`),
    h("ul", {}, usedBy.map(({ consumer, last_used_at: used }) => h("li", {}, consumer, h("span", { class: "soft" }, ` ${ago(used)}`))),
      others > 0 && h("li", {}, `and ${plural(others, "other")}`)),
  ];
}
