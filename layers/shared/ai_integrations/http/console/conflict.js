// Another user changed an integration during an edit: show both versions, and let the user choose.

import { h } from "./dom.js";
import { moment, user } from "./format.js";
import { places } from "./places.js";
import { sameValue, SETTINGS, textOf } from "./settings.js";
import { table } from "./table.js";

const CREDENTIALS = ["api_key", "api_key_secret_arn", "federation"];
const unchanged = () => h("span", { class: "soft" }, "Not changed");

// `change` is the request that was rejected, made on the version `before`. `current` is what is saved now. Both have
// their `key`.
export async function conflictDialog({ before, change, current, saveMine, takeTheirs }) {
  const known = await places();
  const text = (name, value) => h("span", { class: "lines" }, textOf(SETTINGS[name], value ?? undefined, known));
  const differing = Object.keys(SETTINGS).filter((name) => name in change || !sameValue(before[name], current[name]));
  const rows = differing.map((name) => [
    SETTINGS[name].label,
    name in change ? text(name, change[name]) : unchanged(),
    text(name, current[name]),
  ]);
  const changesKey = CREDENTIALS.some((each) => each in change);
  if (changesKey || before.key.changed_at !== current.key.changed_at) {
    rows.push(["Credentials", changesKey ? "Changed" : unchanged(), `Set ${moment(current.key.changed_at)} by ${user(current.key.changed_by_user_id)}`]);
  }
  return {
    title: "The integration has changed",
    content: [
      h("p", {}, "Another user changed it while you were editing, so nothing was saved. Your changes replace only the settings that you changed."),
      table("Differences", ["Setting", "Your change", "Saved now"], rows),
    ],
    broad: true,
    action: "Save my changes",
    cancel: "Keep editing",
    alternative: { text: "Discard my changes", act: takeTheirs },
    onsubmit: saveMine,
  };
}
