// The settings of an integration in words: their labels, and how a value is shown.

import { date, user } from "./format.js";
import { scopeNames } from "./places.js";
import { AUTH_TYPES, PROVIDERS, providerName } from "./providers.js";
import { toLines } from "./fields.js";

const yesOrNo = (value) => (value ? "Yes" : "No");

export const SETTINGS = {
  name: { label: "Name" },
  provider: { label: "Provider", text: providerName },
  scopings: { label: "Visible to", text: scopeNames },
  base_url: { label: "Base URL", text: (value) => value ?? "The provider’s own" },
  auth_type: { label: "Authentication", text: (value) => AUTH_TYPES[value] ?? value },
  model_names: { label: "Models", text: (value = []) => value.join(", ") || "None named" },
  headers: { label: "Headers", text: (value) => toLines(value) || "None" },
  enable_default_models: { label: "Default models", text: (value) => (value ? "Enabled" : "Not enabled") },
  function_calling_enabled: { label: "Function calling", text: (value) => (value ? "Enabled" : "Not enabled") },
  provider_metadata: { label: "Provider settings", text: metadataText },
  has_api_key: { label: "Has a key", text: yesOrNo },
};

export const HISTORY = {
  created_at: { label: "Created", text: date },
  created_by_user_id: { label: "Created by", text: user },
  updated_at: { label: "Last change", text: date },
};

const plain = (value) => value ?? "";
export const textOf = (row, value, known) => (row.text ?? plain)(value, known);

// Absent and null are equal, and so are maps whose entries differ in order.
export const sameValue = (one, other) => canonical(one) === canonical(other);
const canonical = (value) => JSON.stringify(value ?? null, (_, each) => (isMap(each) ? sorted(each) : each));
const sorted = (map) => Object.fromEntries(Object.entries(map).sort());
const isMap = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

function metadataText(metadata) {
  if (!metadata) return "None";
  const labels = Object.assign({}, ...Object.values(PROVIDERS).map((each) => each.metadata));
  const shown = Object.entries(metadata).filter(([name]) => name !== "kind");
  return shown.map(([name, value]) => `${labels[name]?.label ?? name}: ${value}`).join("\n");
}
