// Delete an integration, after showing who uses it.

import { call, get, integrationPath } from "./api.js";
import { rememberDeleted } from "./deleted.js";
import { openDialog } from "./dialogs.js";
import { announce, h } from "./dom.js";
import * as session from "./session.js";

export async function remove({ id, etag, name }) {
  const users = session.isAdmin() ? await get(integrationPath(id, "/consumers")) : null;
  openDialog({
    title: `Delete ${name}?`,
    content: [
      h("p", {}, "Programs can no longer resolve it, and its key is deleted. You can restore both until the recovery window ends."),
      users && usersList(users),
    ],
    action: "Delete",
    danger: true,
    async onsubmit() {
      await call("DELETE", integrationPath(id), { etag });
      rememberDeleted(id, name);
      location.hash = "#/deleted";
      announce(`${name} was deleted.`);
    },
  });
}

function usersList({ consumers, pagination }) {
  if (!consumers.length) return h("p", {}, "No consumer may resolve it.");
  return [h("p", {}, "These consumers may resolve it:"), h("ul", {}, consumers.map(({ consumer }) => h("li", {}, consumer.name ?? consumer.principal_arn))), pagination.has_more && h("p", {}, "There are more.")];
}
