// What others must trust before an integration without a key works, to copy.

import { get, integrationPath } from "./api.js";
import { card, copyable, facts } from "./cards.js";
import { h } from "./dom.js";
import { PROVIDERS } from "./providers.js";

const TRUST_ALL = "Configure the provider to trust tokens with these claims. Require all of them.";
const FEDERATION_IS_OFF = "Federation is off in this installation, so the claims iss and sub are unknown. Ask an operator to turn it on.";

const LABELS = Object.assign({ parameters: { label: "Parameters" } }, ...Object.values(PROVIDERS).map((each) => each.federation));
const json = (value) => JSON.stringify(value, null, 2);

export const roleCard = (id) => card("Trust policy of the role", async () => {
  const { role_arn: role, external_id: externalId, trust_policy: policy } = await get(integrationPath(id, "/role"));
  return [
    h("p", {}, "Set this trust policy on the role, so that the service can assume it."),
    facts([["Role", role], ["External ID", externalId]]),
    copyable("Trust policy", json(policy)),
  ];
});

export const federationCard = (id) => card("Federation", async () => {
  const { federation, issuer, subject, audience, required_claims: claims } = await get(integrationPath(id, "/federation"));
  return [
    facts(Object.entries(federation).map(([name, value]) => [LABELS[name]?.label ?? name, typeof value === "string" ? value : json(value)])),
    h("p", {}, issuer ? TRUST_ALL : FEDERATION_IS_OFF),
    copyable("Claims to trust", json({ iss: issuer, sub: subject, aud: audience, ...claims })),
  ];
});
