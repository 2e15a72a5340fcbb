// What is known about an integration beside its settings: its key and the result of its last test.

import { get, integrationPath, pages } from "./api.js";
import { h } from "./dom.js";
import { ago, date, plural } from "./format.js";

export const KINDS = { stored: "Stored key", referenced: "Referenced secret", federated: "Federation", role: "IAM role", none: "No key" };
// A sign and a word for each status: neither depends on colour.
const STATUSES = {
  passed: ["✓", "Passed", "good"],
  failed: ["✕", "Failed", "bad"],
  not_proved: ["?", "Not proved", "warn"],
  unknown: ["–", "Not tested", "soft"],
  denied: ["✕", "Denied", "bad"],
  waiting: ["…", "Waiting", "soft"],
};

export const healthOf = (id) => get(integrationPath(id, "/health"));
export const keyOf = (id) => get(integrationPath(id, "/key"));

export function statusBadge(status, text = "") {
  const [sign, word, style] = STATUSES[status] ?? STATUSES.unknown;
  return h("span", { class: `status ${style}` }, h("span", { "aria-hidden": "true" }, sign), ` ${word}${text}`);
}

export const healthBadge = ({ status, checked_at: checkedAt, outdated }) =>
  [statusBadge(status, checkedAt ? ` ${ago(checkedAt)}` : ""), outdated && h("span", { class: "soft" }, ", before the last change")];

export function keyBadge(key) {
  return [
    KINDS[key.kind] ?? key.kind,
    key.age_days != null && (key.age_days ? `, ${plural(key.age_days, "day")} old` : ", set today"),
    key.is_overdue && [" ", h("span", { class: "status bad" }, h("span", { "aria-hidden": "true" }, "!"), " Overdue")],
  ];
}

export const lastUse = (iso) => (iso ? h("time", { datetime: iso, title: date(iso) }, ago(iso)) : "Not used");

// The keys of a list that has the newest integration first, as GET /v2/keys does: one request for each page of them.
export class ListedKeys {
  #found = new Map();
  #pages = pages("keys", "keys", { limit: 100 });
  #reading = Promise.resolve();

  // After a page that failed, each key is read by itself.
  of(id) {
    this.#reading = this.#reading.catch(() => null).then(() => this.#readUntil(id));
    return this.#reading.then(() => this.#found.get(id) ?? keyOf(id));
  }

  async #readUntil(id) {
    while (!this.#found.has(id)) {
      const { value = [], done } = await this.#pages.next();
      for (const key of value) this.#found.set(key.integration_id, key);
      if (done) return;
    }
  }
}
