// Show the view that the address names, or the sign-in.

import "./sign-in.js";
import "./list.js";
import "./editor.js";
import "./integration.js";
import "./consumers.js";
import "./keys.js";
import "./audit.js";
import "./deleted.js";
import { byId, h, replace } from "./dom.js";
import * as session from "./session.js";

// #/<name> or #/<name>/<id>
const VIEWS = { integrations: "integration-list", new: "integration-editor", deleted: "deleted-list", consumers: "consumer-list", keys: "key-list", audit: "audit-log" };
const VIEWS_OF_ONE = { integrations: "integration-page", edit: "integration-editor" };
const HOME = "#/integrations";

function show() {
  const [, name, id] = location.hash.split("/");
  const element = session.isSignedIn() ? (id ? VIEWS_OF_ONE : VIEWS)[name] : "sign-in";
  if (!element) {
    location.replace(HOME);
    return;
  }
  replace(byId("main"), h(element, { "data-id": id && decodeURIComponent(id) }));
  markCurrent(name);
}

function markCurrent(name) {
  for (const link of document.querySelectorAll("nav a")) {
    link.ariaCurrent = link.hash === `#/${name}` ? "page" : null;
    link.hidden = "admin" in link.dataset && !session.isAdmin();
  }
}

function showSession() {
  for (const each of document.querySelectorAll("nav, .account")) each.hidden = !session.isSignedIn();
  byId("role").textContent = session.isAdmin() ? "Admin" : "Member or reader";
  show();
}

addEventListener("hashchange", () => location.hash.startsWith("#/") && show());
session.changes.addEventListener("change", showSession);
byId("sign-out").addEventListener("click", () => session.end());
showSession();
