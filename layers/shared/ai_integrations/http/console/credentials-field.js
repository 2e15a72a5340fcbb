// Choose how an integration authenticates, and enter what that needs.

import { h, replace } from "./dom.js";
import { formField, fromLines, input, objectFields, objectValues, options, secretInput, select } from "./fields.js";
import { PROVIDERS } from "./providers.js";
import * as session from "./session.js";

const CHOICES = {
  keep: "Keep the current one",
  api_key: "API key",
  api_key_secret_arn: "Secret of your own, by ARN",
  federation: "Workload identity federation",
  none: "No key",
  remove: "Remove it",
};

// What a choice needs, and its part of the request.
const KINDS = {
  api_key: {
    fields: () => formField("/api_key", "API key", secretInput(), { required: true, note: "It is stored, and never shown again." }),
    request: (form) => ({ api_key: form.querySelector("[data-pointer='/api_key'] input").value }),
  },
  api_key_secret_arn: {
    fields: () => formField("/api_key_secret_arn", "ARN of the secret", input(), { required: true, note: "Its tags must allow this account." }),
    request: (form) => ({ api_key_secret_arn: form.querySelector("[data-pointer='/api_key_secret_arn'] input").value.trim() }),
  },
  federation: {
    fields: (provider) => [
      ...objectFields("/federation", PROVIDERS[provider].federation),
      PROVIDERS[provider].acceptsParameters && formField("/federation/parameters", "Parameters of the token request",
        h("textarea", { rows: 2, "data-lines": "parameters" }), { note: "One “name: value” on each line." }),
    ],
    request: (form) => ({ federation: { ...objectValues(form, "/federation"), ...parameters(form) } }),
  },
};
const REMOVALS = { stored: { api_key: null }, referenced: { api_key_secret_arn: null }, federated: { federation: null } };

class CredentialsField extends HTMLElement {
  // `kind` is that of the key that the integration has.
  setUp({ isNew, kind }) {
    Object.assign(this, { isNew, kind });
    this.choice = select({}, { onchange: () => this.#showFields() });
    this.details = h("div");
    const field = formField("/credentials", "Credentials", this.choice);
    field.dataset.also = "/api_key /api_key_secret_arn /federation"; // shows their problems if they have no field of their own
    replace(this, field, this.details);
    return this;
  }

  // Only admins may name a secret or a federation, so only they are offered both.
  set provider(provider) {
    this.providerName = provider;
    const { keyless, federation } = PROVIDERS[provider];
    const offered = {
      keep: !this.isNew,
      api_key: !keyless,
      api_key_secret_arn: !keyless && session.isAdmin(),
      federation: federation && session.isAdmin(),
      none: this.isNew,
      remove: this.kind in REMOVALS,
    };
    const before = this.choice.value;
    const choices = Object.entries(CHOICES).filter(([each]) => offered[each]);
    replace(this.choice, options(choices, before));
    this.#showFields();
  }

  #showFields() {
    replace(this.details, KINDS[this.choice.value]?.fields(this.providerName));
  }

  get request() {
    if (this.choice.value === "remove") return REMOVALS[this.kind];
    return KINDS[this.choice.value]?.request(this) ?? {};
  }
}

customElements.define("credentials-field", CredentialsField);

function parameters(form) {
  const lines = form.querySelector("[data-lines=parameters]")?.value.trim();
  return lines ? { parameters: fromLines(lines) } : {};
}
