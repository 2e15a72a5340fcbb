// Ask for an access key, and find out what its holder may do.

import { call, Problem } from "./api.js";
import { exclusively, h, onsubmit, replace } from "./dom.js";
import { secretInput } from "./fields.js";
import * as session from "./session.js";

class SignIn extends HTMLElement {
  connectedCallback() {
    document.title = "Sign in – AI integrations";
    const described = { id: "access-key", "aria-describedby": "access-key-note" };
    this.key = secretInput({ ...described, required: true, autocomplete: "off", placeholder: "aik_…" });
    this.message = h("p", { role: "alert", class: "bad" }, session.reasonOfEnd());
    this.button = h("button", {}, "Sign in");
    replace(this,
      h("form", { class: "card narrow", onsubmit: onsubmit(() => exclusively(this.button, () => this.signIn())) },
        h("h1", {}, "Sign in"),
        h("label", { for: "access-key" }, "Access key"),
        this.key,
        h("p", { id: "access-key-note", class: "soft" }, "It stays in this page’s memory, until you sign out or leave the page."),
        this.message,
        h("p", { class: "buttons" }, this.button)));
    this.key.focus();
  }

  async signIn() {
    const accessKey = this.key.value.trim();
    this.message.textContent = "";
    try {
      session.begin(accessKey, { admin: await isAdmin(accessKey) });
    } catch (error) {
      this.message.textContent = error.message;
      this.key.focus();
    }
  }
}

// No route returns the caller's role. This one is for admins, and reads little.
async function isAdmin(accessKey) {
  try {
    await call("GET", "consumers", { query: { limit: 1 }, accessKey });
    return true;
  } catch (error) {
    if (error instanceof Problem && error.status === 403) return false;
    throw error;
  }
}

customElements.define("sign-in", SignIn);
