// Create an integration, or change one.

import { call, integrationPath } from "./api.js";
import { announce, button, exclusively, h, replace } from "./dom.js";
import { resolveConflict } from "./conflict.js";
import "./credentials-field.js";
import { objectFields, objectValues } from "./credentials-field.js";
import { healthBadge, healthOf, keyOf } from "./facts.js";
import { checkbox, clearProblem, formField, fromLines, input, select, showProblem, toLines } from "./fields.js";
import { picker } from "./picker.js";
import { placeOptions, places, scopeName } from "./places.js";
import { AUTH_TYPES, labels, PROVIDERS } from "./providers.js";
import { retryKeys } from "./retries.js";
import * as session from "./session.js";
import { sameValue } from "./settings.js";
import { runningSteps, steps } from "./steps.js";
import { heading, problemText } from "./views.js";

const NEW = { name: "", provider: "OPEN_AI", auth_type: "DEFAULT", scopings: [{}], enable_default_models: false, function_calling_enabled: true };

class IntegrationEditor extends HTMLElement {
  async connectedCallback() {
    this.isNew = !this.dataset.id;
    replace(this, heading(this.isNew ? "New integration" : "Edit integration"), h("p", { role: "status" }, "Loading …"));
    try {
      const [{ body, etag, key }, known] = await Promise.all([this.isNew ? { body: NEW, key: { kind: "none" } } : this.read(), places()]);
      this.start(body, etag, key, known);
    } catch (error) {
      replace(this, heading("Edit integration"), problemText(error));
    }
  }

  async read() {
    const [integration, key] = await Promise.all([call("GET", integrationPath(this.dataset.id)), keyOf(this.dataset.id)]);
    return { ...integration, key };
  }

  start(before, etag, key, known) {
    Object.assign(this, { before, etag });
    this.retryKey = retryKeys();
    this.summary = h("div", { role: "alert", class: "bad" });
    this.controls = {
      name: input({ value: before.name, maxlength: 256 }),
      provider: select(labels(PROVIDERS), { value: before.provider, onchange: () => this.showProviderFields() }),
      base_url: input({ value: before.base_url, inputmode: "url" }),
      auth_type: select(AUTH_TYPES, { value: before.auth_type }),
      headers: h("textarea", { rows: 3, spellcheck: "false" }, toLines(before.headers)),
    };
    this.models = picker({ chosen: before.model_names, label: (each) => each, accepts: (text) => text });
    this.scopings = picker({ chosen: before.scopings.filter((each) => Object.keys(each).length), label: (each) => scopeName(each, known) });
    this.scopings.offer(placeOptions(known));
    this.defaults = checkbox("Enable the default models", before.enable_default_models);
    this.functions = checkbox("Enable function calling", before.function_calling_enabled);
    this.credentials = h("credentials-field").setUp({ isNew: this.isNew, kind: key.kind });
    this.metadata = h("div");
    this.testResult = h("section", { "aria-label": "Connection test" });
    this.saveButton = h("button", {}, this.isNew ? "Create" : "Save");
    this.form = h("form", { class: "card form", novalidate: true, onsubmit: (event) => { event.preventDefault(); exclusively(this.saveButton, () => this.save()); } }, this.sections(), this.summary, this.buttons());
    this.showProviderFields();
    replace(this, heading(this.isNew ? "New integration" : `Edit ${before.name}`), this.form, this.testResult);
    this.offerListedModels();
  }

  sections() {
    const { name, provider, base_url: baseUrl, auth_type: authType, headers } = this.controls;
    return [
      formField("/name", "Name", name, { required: true }),
      formField("/provider", "Provider", provider, { required: true }),
      this.metadata,
      this.credentials,
      formField("/base_url", "Base URL", baseUrl, { note: "Leave it empty for the provider’s own address." }),
      formField("/model_names", "Models", this.models, { note: "After a test, models that the provider listed are suggested." }),
      formField("/scopings", "Visible to", this.scopings, { note: "Organizations and spaces by name. Without any, the whole account sees the integration." }),
      h("details", { open: Boolean(this.before.headers) || this.before.auth_type !== "DEFAULT" },
        h("summary", {}, "More settings"),
        formField("/auth_type", "Authentication", authType),
        formField("/headers", "Headers", headers, { note: "One “Name: value” on each line." }),
        this.defaults.node, this.functions.node),
    ];
  }

  buttons() {
    const back = this.isNew ? "#/integrations" : `#/integrations/${encodeURIComponent(this.dataset.id)}`;
    return h("p", { class: "buttons" },
      this.saveButton,
      this.isNew && session.isAdmin() && button("Test before saving", (event) => exclusively(event.target, () => this.test())),
      h("a", { class: "button plain", href: back }, "Cancel"));
  }

  showProviderFields() {
    const provider = this.controls.provider.value;
    this.credentials.provider = provider;
    replace(this.metadata, objectFields("/provider_metadata", PROVIDERS[provider]?.metadata, this.before.provider_metadata));
  }

  async offerListedModels() {
    if (this.isNew) return;
    const { models = [] } = await healthOf(this.dataset.id).catch(() => ({}));
    this.offerModels(models);
  }

  offerModels(models = []) {
    this.models.offer(models.map((each) => ({ value: each, label: each })));
  }

  get settings() {
    const { name, provider, base_url: baseUrl, auth_type: authType, headers } = this.controls;
    const metadata = objectValues(this.metadata, "/provider_metadata");
    const sentHeaders = fromLines(headers.value);
    return {
      name: name.value.trim(),
      provider: provider.value,
      base_url: baseUrl.value.trim() || null,
      auth_type: authType.value,
      headers: Object.keys(sentHeaders).length ? sentHeaders : null,
      provider_metadata: PROVIDERS[provider.value]?.metadata ? { ...metadata, kind: PROVIDERS[provider.value].kind } : null,
      model_names: this.models.values,
      scopings: this.scopings.values.length ? this.scopings.values : [{}],
      enable_default_models: this.defaults.box.checked,
      function_calling_enabled: this.functions.box.checked,
    };
  }

  // The settings that differ from the version that was read, and the credentials if they were entered.
  get change() {
    const changed = Object.entries(this.settings).filter(([name, value]) => !sameValue(value, name === "model_names" ? this.before[name] ?? [] : this.before[name]));
    return { ...Object.fromEntries(changed), ...this.credentials.request };
  }

  async save() {
    clearProblem(this.form, this.summary);
    await this.attempt(() => (this.isNew ? this.create() : this.update()));
  }

  async create() {
    const body = { ...this.settings, ...this.credentials.request };
    const { body: created } = await call("POST", "ai-integrations", { body, idempotencyKey: this.retryKey(body) });
    this.leave(created.id, `${created.name} was created.`);
  }

  async update() {
    const change = this.change;
    if (!Object.keys(change).length) throw new Error("Nothing has changed. Change a setting, then save.");
    try {
      await this.patch(change, this.etag);
    } catch (error) {
      if (error.status !== 412) throw error;
      await this.showConflict(change);
    }
  }

  async patch(change, etag) {
    const { body } = await call("PATCH", integrationPath(this.dataset.id), { body: change, etag });
    this.leave(body.id, `${body.name} was saved.`);
  }

  async showConflict(change) {
    const { body: current, etag, key } = await this.read();
    await resolveConflict({
      before: this.before,
      change,
      current,
      saveMine: () => this.patch(change, etag),
      takeTheirs: async () => this.start(current, etag, key, await places()),
    });
  }

  async test() {
    clearProblem(this.form, this.summary);
    replace(this.testResult, runningSteps());
    await this.attempt(async () => {
      const { body } = await call("POST", "ai-integrations/test", { body: { ...this.settings, ...this.credentials.request } });
      replace(this.testResult, h("p", { role: "status" }, healthBadge(body)), steps(body.rungs));
      this.offerModels(body.models);
    }, () => replace(this.testResult));
  }

  async attempt(act, failed) {
    try {
      await act();
    } catch (error) {
      showProblem(this.form, this.summary, error);
      failed?.();
    }
  }

  leave(id, message) {
    location.hash = `#/integrations/${encodeURIComponent(id)}`;
    announce(message);
  }
}

customElements.define("integration-editor", IntegrationEditor);
