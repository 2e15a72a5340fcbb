// Rotate a key, or roll a rotation back.

import { call, integrationPath } from "./api.js";
import { announce, h } from "./dom.js";
import { checkbox, formField, secretInput, select } from "./fields.js";
import { moment } from "./format.js";
import { retryKeys } from "./retries.js";
import * as session from "./session.js";

const GRACE = { 0: "Not at all", 3600: "For an hour", 86400: "For a day", 604800: "For seven days" };

export function rotate({ id, etag, name }, done) {
  const retryKey = retryKeys();
  const key = secretInput();
  const grace = select(GRACE, { value: "86400" });
  const verify = checkbox("Test the new key with the provider first", false);
  return {
    title: `Rotate the key of ${name}`,
    content: [
      h("p", {}, "Programs get the new key at once. The previous one stays usable for a while, so that those that still have it do not fail."),
      formField("/api_key", "New API key", key, { required: true, note: "It is never shown again." }),
      formField("/grace_seconds", "Keep the previous key usable", grace),
      session.isAdmin() && verify.node,
    ],
    action: "Rotate",
    async onsubmit() {
      const body = { api_key: key.value, grace_seconds: Number(grace.value), ...(verify.box.checked && { verify: true }) };
      const path = integrationPath(id, "/key-rotations");
      const { body: rotated } = await call("POST", path, { body, etag, idempotencyKey: retryKey(body) });
      const until = rotated.former_key_usable_until;
      announce(until ? `The key was rotated. The previous one is usable until ${moment(until)}.` : "The key was rotated.");
      return done;
    },
  };
}

export function rollBack({ id, etag, name }, done) {
  return {
    title: `Roll back the key of ${name}?`,
    content: h("p", {}, "The previous key becomes the current one again. The key that replaced it is no longer available."),
    action: "Roll back",
    async onsubmit() {
      await call("POST", integrationPath(id, "/key-rotations/rollback"), { etag });
      announce("The previous key is the current one again.");
      return done;
    },
  };
}
