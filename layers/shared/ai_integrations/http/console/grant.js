// Grant a consumer access.

import { call, get } from "./api.js";
import { announce, h } from "./dom.js";
import { formField, input, select } from "./fields.js";
import { picker } from "./picker.js";
import { placeOptions, places, scopeName } from "./places.js";

const GRANTS = {
  integration_ids: "Chosen integrations",
  memberships: "What organizations and spaces see",
  all_integrations: "All integrations",
};

// `integration` is preset if the grant starts from one.
export async function grant(integration, done) {
  const known = await places();
  const names = new Map(integration ? [[integration.id, integration.name]] : []);
  const chosen = {
    integration_ids: picker({ chosen: names.keys(), label: (id) => names.get(id), search: (text) => search(text, names) }),
    memberships: picker({ label: (each) => scopeName(each, known) }),
  };
  chosen.memberships.offer(placeOptions(known));
  const principal = input({ placeholder: "arn:aws:iam::…:role/…" });
  const name = input({ maxlength: 256 });
  const until = input({ type: "datetime-local" });
  const parts = {
    integration_ids: formField("/integration_ids", "Integrations", chosen.integration_ids, { note: "Type a part of a name, then choose." }),
    memberships: formField("/memberships", "Organizations and spaces", chosen.memberships, { note: "Without any: account-wide integrations only." }),
    all_integrations: h("p", {}, "The consumer may resolve every integration, later ones included."),
  };
  const what = select(GRANTS, { onchange: show });
  show();
  return {
    title: "Grant access",
    content: [
      formField("/principal_arn", "ARN of the IAM role or user", principal, { required: true }),
      formField("/name", "Name", name, { note: "To recognize it in lists." }),
      formField("/what", "May resolve", what), ...Object.values(parts),
      formField("/expires_at", "Until", until, { note: "Without a time, the grant has no end." }),
    ],
    action: "Grant",
    async onsubmit() {
      const body = {
        principal_arn: principal.value.trim(),
        [what.value]: chosen[what.value]?.values ?? true,
        ...(name.value.trim() && { name: name.value.trim() }),
        ...(until.value && { expires_at: new Date(until.value).toISOString() }),
      };
      await call("POST", "consumers", { body });
      announce("Access was granted.");
      return done;
    },
  };

  function show() {
    for (const [field, part] of Object.entries(parts)) part.hidden = field !== what.value;
  }
}

async function search(text, names) {
  if (!text.trim()) return [];
  const { ai_integrations: found } = await get("ai-integrations", { name: text.trim(), limit: 20 });
  for (const { id, name } of found) names.set(id, name);
  return found.map(({ id, name }) => ({ value: id, label: name }));
}
