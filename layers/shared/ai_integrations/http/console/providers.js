// What the console knows about providers: their names for people, and the fields that their integrations have.

const AWS = {
  role_arn: { label: "Role ARN", required: true, note: "The IAM role that the service assumes, for example arn:aws:iam::111122223333:role/models." },
  external_id: { label: "External ID", note: "Leave it empty to use one that the service derives for your account." },
};
const GCP = {
  project_id: { label: "Project ID", required: true },
  location: { label: "Location", required: true, note: "A region, us, eu or global." },
  project_access_label: { label: "Project access label", required: true },
};
const OPEN_AI_FEDERATION = {
  identity_provider_id: { label: "Identity provider ID", required: true },
  service_account_id: { label: "Service account ID", required: true },
};
const ANTHROPIC_FEDERATION = {
  federation_rule_id: { label: "Federation rule ID", required: true },
  organization_id: { label: "Organization ID", required: true },
  service_account_id: { label: "Service account ID", required: true },
  workspace_id: { label: "Workspace ID" },
};
const AZURE_FEDERATION = {
  tenant_id: { label: "Tenant ID", required: true },
  client_id: { label: "Client ID", required: true },
  cloud: { label: "Cloud", note: "public, usgov or china. The default is public." },
};
const GOOGLE_FEDERATION = {
  workload_identity_provider: { label: "Workload identity provider", required: true },
  service_account_email: { label: "Service account email" },
};
const OWN_FEDERATION = {
  token_endpoint: { label: "Token endpoint", required: true },
  grant: { label: "Grant", required: true, note: "token-exchange or jwt-bearer." },
  audience: { label: "Audience", required: true },
};

// `metadata` are the fields of provider_metadata, which has this `kind`. A `keyless` provider takes a role instead of a
// key. Token requests of a federation may have further parameters if the provider `acceptsParameters`.
export const PROVIDERS = {
  OPEN_AI: { label: "OpenAI", federation: OPEN_AI_FEDERATION },
  AZURE_OPEN_AI: { label: "Azure OpenAI", federation: AZURE_FEDERATION },
  AWS_BEDROCK: { label: "Amazon Bedrock", kind: "AWS", metadata: AWS, keyless: true },
  VERTEX_AI: { label: "Vertex AI", kind: "GCP", metadata: GCP, federation: GOOGLE_FEDERATION },
  ANTHROPIC: { label: "Anthropic", federation: ANTHROPIC_FEDERATION },
  GEMINI: { label: "Gemini" },
  NVIDIA_NIM: { label: "NVIDIA NIM" },
  FIREWORKS: { label: "Fireworks" },
  TOGETHER_AI: { label: "Together AI" },
  LITELLM: { label: "LiteLLM", federation: OWN_FEDERATION, acceptsParameters: true },
  CUSTOM: { label: "Custom", federation: OWN_FEDERATION, acceptsParameters: true },
};

export const AUTH_TYPES = {
  DEFAULT: "The provider’s own way",
  BEARER_TOKEN: "Bearer token",
  PROXY_WITH_HEADERS: "Proxy with headers",
};

export const labels = (table) => Object.fromEntries(Object.entries(table).map(([value, { label }]) => [value, label]));

// A provider that a newer API returns is shown by its value.
export const providerName = (provider) => PROVIDERS[provider]?.label ?? provider;
