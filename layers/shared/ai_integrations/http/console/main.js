// Show the view that the address names, or the sign-in.

import { announce, byId, h, replace } from "./dom.js";
import * as session from "./session.js";

const HOME = "#/integrations";
const SIGN_IN = ["sign-in", "./sign-in.js"];
// The element of each view, and the module that defines it: #/<name>, or #/<name>/<id> for one integration.
const VIEWS = {
  __proto__: null, // an address may have any name
  integrations: ["integration-list", "./list.js"],
  new: ["integration-editor", "./editor.js"],
  keys: ["key-list", "./keys.js"],
  deleted: ["deleted-list", "./deleted.js"],
  consumers: ["consumer-list", "./consumers.js"],
  audit: ["audit-log", "./audit.js"],
};
const VIEWS_OF_ONE = {
  __proto__: null,
  integrations: ["integration-page", "./integration.js"],
  edit: ["integration-editor", "./editor.js"],
};

let latest; // of the calls of show()

async function show() {
  const call = latest = {};
  for (const each of document.querySelectorAll("dialog")) each.close(); // it belongs to the view that ends
  const [, name, id] = location.hash.split("/");
  const view = session.isSignedIn() ? (id ? VIEWS_OF_ONE : VIEWS)[name] : SIGN_IN;
  if (!view) {
    location.replace(HOME);
    return;
  }
  markCurrent(name);
  const [element, module] = view;
  try {
    await import(module);
  } catch {
    announce("This view did not load. Check your connection, then reload the page.");
    return;
  }
  if (call !== latest) return; // the next view is loading already
  replace(byId("main"), h(element, { "data-id": id && decoded(id) }));
}

function decoded(id) {
  try {
    return decodeURIComponent(id);
  } catch {
    return id;
  }
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
  announce("");
  show();
}

addEventListener("hashchange", () => location.hash.startsWith("#/") && show());
addEventListener("pagehide", () => session.end()); // a browser may keep the page, and show it to the next user
session.changes.addEventListener("change", showSession);
byId("sign-out").addEventListener("click", () => session.end());
showSession();
import("./list.js"); // most sessions begin with it, so it loads while the user enters the key
