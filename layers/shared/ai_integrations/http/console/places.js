// Organizations and spaces by id. They are read once per session: a scoping may name any of them.

import { all } from "./api.js";
import * as session from "./session.js";

let known;
session.changes.addEventListener("change", () => { known = undefined; });

export function places() {
  known ??= load().catch((error) => {
    known = undefined; // the next call tries again
    throw error;
  });
  return known;
}

async function load() {
  const [organizations, spaces] = await Promise.all([all("organizations", "organizations"), all("spaces", "spaces")]);
  return { organizations, spaces };
}

// "Research / Search", or the ids of places that are not registered. Names that several places have are followed by ids.
export function scopeName({ organization_id: organizationId, space_id: spaceId }, { organizations, spaces }) {
  const name = (list, id) => {
    const found = list.find((each) => each.id === id)?.name;
    if (!found) return id;
    return list.filter((each) => each.name === found).length > 1 ? `${found} (${id})` : found;
  };
  const space = spaces.find((each) => each.id === spaceId);
  const names = [name(organizations, organizationId ?? space?.organization_id), name(spaces, spaceId)];
  return names.filter(Boolean).join(" / ") || "Whole account";
}

// What a scoping can name, for suggestions.
export const placeOptions = (known) => [
  ...known.organizations.map(({ id }) => ({ organization_id: id })),
  ...known.spaces.map(({ id, organization_id: organizationId }) => ({ ...(organizationId && { organization_id: organizationId }), space_id: id })),
].map((value) => ({ value, label: scopeName(value, known) }));

export const scopeNames = (scopings, known) => scopings.map((each) => scopeName(each, known)).join(", ");
