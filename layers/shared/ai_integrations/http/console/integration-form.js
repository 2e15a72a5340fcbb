// The fields of an integration, and the request that they make.

import "./credentials-field.js";
import { h, replace } from "./dom.js";
import { checkbox, formField, fromLines, input, objectFields, objectValues, select, toLines } from "./fields.js";
import { picker } from "./picker.js";
import { placeOptions, scopeName } from "./places.js";
import { AUTH_TYPES, labels, PROVIDERS } from "./providers.js";
import { sameValue } from "./settings.js";

export const NEW = {
  name: "",
  provider: "OPEN_AI",
  auth_type: "DEFAULT",
  model_names: [],
  scopings: [{}],
  enable_default_models: false,
  function_calling_enabled: true,
};

export class IntegrationForm {
  // `before` are the settings to show, `keyKind` is the kind of the key that the integration has, and `places` are those
  // that a scoping can name.
  constructor(before, keyKind, places) {
    this.before = { model_names: [], ...before };
    this.name = input({ value: before.name, maxlength: 256 });
    this.provider = select(labels(PROVIDERS), { value: before.provider, onchange: () => this.#showProviderFields() });
    this.baseUrl = input({ value: before.base_url, inputmode: "url" });
    this.authType = select(AUTH_TYPES, { value: before.auth_type });
    this.headers = h("textarea", { rows: 3, spellcheck: "false" }, toLines(before.headers));
    this.models = picker({ chosen: before.model_names, label: (each) => each, accepts: (text) => text });
    this.scopings = picker({ chosen: before.scopings.filter((each) => Object.keys(each).length), label: (each) => scopeName(each, places) });
    this.scopings.offer(placeOptions(places));
    this.defaults = checkbox("Enable the default models", before.enable_default_models);
    this.functions = checkbox("Enable function calling", before.function_calling_enabled);
    this.credentials = h("credentials-field").setUp({ isNew: before === NEW, kind: keyKind });
    this.metadata = h("div");
    this.#showProviderFields();
  }

  get fields() {
    return [
      formField("/name", "Name", this.name, { required: true }),
      formField("/provider", "Provider", this.provider, { required: true }),
      this.metadata,
      this.credentials,
      formField("/base_url", "Base URL", this.baseUrl, { note: "Leave it empty for the provider’s own address." }),
      formField("/model_names", "Models", this.models, { note: "After a test, models that the provider listed are suggested." }),
      formField("/scopings", "Visible to", this.scopings, { note: "Organizations and spaces by name. Without any: the whole account." }),
      h("details", { open: Boolean(this.before.headers) || this.before.auth_type !== NEW.auth_type },
        h("summary", {}, "More settings"),
        formField("/auth_type", "Authentication", this.authType),
        formField("/headers", "Headers", this.headers, { note: "One “Name: value” on each line." }),
        this.defaults.node, this.functions.node),
    ];
  }

  offerModels(models = []) {
    this.models.offer(models.map((each) => ({ value: each, label: each })));
  }

  // The body of a request to create or test the integration.
  get request() {
    return { ...this.#settings, ...this.credentials.request };
  }

  // The body of a request to change it: the settings that differ, and the credentials if they were entered.
  get change() {
    const changed = Object.entries(this.#settings).filter(([name, value]) => !sameValue(value, this.before[name]));
    return { ...Object.fromEntries(changed), ...this.credentials.request };
  }

  get #settings() {
    const { metadata, kind } = PROVIDERS[this.provider.value];
    const headers = fromLines(this.headers.value);
    const scopings = this.scopings.values;
    return {
      name: this.name.value.trim(),
      provider: this.provider.value,
      base_url: this.baseUrl.value.trim() || null,
      auth_type: this.authType.value,
      headers: Object.keys(headers).length ? headers : null,
      provider_metadata: metadata ? { ...objectValues(this.metadata, "/provider_metadata"), kind } : null,
      model_names: this.models.values,
      scopings: scopings.length ? scopings : NEW.scopings,
      enable_default_models: this.defaults.box.checked,
      function_calling_enabled: this.functions.box.checked,
    };
  }

  #showProviderFields() {
    this.credentials.provider = this.provider.value;
    replace(this.metadata, objectFields("/provider_metadata", PROVIDERS[this.provider.value].metadata, this.before.provider_metadata));
  }
}
