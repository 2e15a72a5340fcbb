// Create an integration, or change one.

import { call, integrationPath } from "./api.js";
import { conflictDialog } from "./conflict.js";
import { openDialog } from "./dialogs.js";
import { announce, button, exclusively, h, onsubmit, replace } from "./dom.js";
import { healthBadge, healthOf, keyOf } from "./facts.js";
import { clearProblem, showProblem } from "./fields.js";
import { IntegrationForm, NEW } from "./integration-form.js";
import { places } from "./places.js";
import { retryKeys } from "./retries.js";
import * as session from "./session.js";
import { runningSteps, steps } from "./steps.js";
import { addressOf, heading, problemText } from "./views.js";

class IntegrationEditor extends HTMLElement {
  connectedCallback() {
    this.retryKey = retryKeys();
    replace(this, h("p", { role: "status" }, "Loading …"));
    this.open();
  }

  async open() {
    try {
      await (this.dataset.id ? this.edit() : this.start(NEW, "none"));
    } catch (error) {
      replace(this, heading("Integration"), h("p", {}, problemText(error)), button("Try again", () => this.open()));
    }
  }

  async edit() {
    const { body, etag, key } = await this.read();
    Object.assign(this, { etag, key });
    await this.start(body, key.kind);
    const { models } = await healthOf(body.id).catch(() => ({}));
    this.form.offerModels(models);
  }

  async read() {
    const [integration, key] = await Promise.all([call("GET", integrationPath(this.dataset.id)), keyOf(this.dataset.id)]);
    return { ...integration, key };
  }

  async start(before, keyKind) {
    const isNew = before === NEW;
    this.form = new IntegrationForm(before, keyKind, await places());
    this.summary = h("div", { role: "alert", class: "bad" });
    this.testResult = h("section", { "aria-label": "Connection test" });
    const submit = h("button", {}, isNew ? "Create" : "Save");
    const save = () => this.attempt(() => (isNew ? this.create() : this.update()));
    this.element = h("form", { class: "card form", novalidate: true, onsubmit: onsubmit(() => exclusively(submit, save)) },
      this.form.fields, this.summary,
      h("p", { class: "buttons" }, submit,
        isNew && session.isAdmin() && button("Test before saving", (event) => exclusively(event.target, () => this.test())),
        h("a", { class: "button plain", href: isNew ? "#/integrations" : addressOf(before.id) }, "Cancel")));
    replace(this, heading(isNew ? "New integration" : `Edit ${before.name}`), this.element, this.testResult);
  }

  async create() {
    const body = this.form.request;
    const { body: created } = await call("POST", "ai-integrations", { body, idempotencyKey: this.retryKey(body) });
    this.leave(created, "was created");
  }

  async update() {
    const { change } = this.form;
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
    this.leave(body, "was saved");
  }

  async showConflict(change) {
    const { body, etag, key } = await this.read();
    const [before, current] = [{ ...this.form.before, key: this.key }, { ...body, key }];
    const dialog = await conflictDialog({ before, change, current, saveMine: () => this.patch(change, etag), takeTheirs: () => this.open() });
    if (this.isConnected) openDialog(dialog);
  }

  test() {
    replace(this.testResult, runningSteps());
    return this.attempt(async () => {
      const { body } = await call("POST", "ai-integrations/test", { body: this.form.request });
      replace(this.testResult, h("p", { role: "status" }, healthBadge(body)), steps(body.rungs));
      this.form.offerModels(body.models);
    });
  }

  async attempt(act) {
    clearProblem(this.element, this.summary);
    try {
      await act();
    } catch (error) {
      replace(this.testResult);
      showProblem(this.element, this.summary, error);
    }
  }

  leave({ id, name }, what) {
    if (this.isConnected) location.hash = addressOf(id);
    announce(`${name} ${what}.`);
  }
}

customElements.define("integration-editor", IntegrationEditor);
