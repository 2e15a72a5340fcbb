// Another user changed an integration during an edit: show both versions, and let the user choose.

import { h } from "./dom.js";
import { openDialog } from "./dialogs.js";
import { places } from "./places.js";
import { sameValue, SETTINGS, textOf } from "./settings.js";
import { table } from "./table.js";

// `change` is the request that was rejected, made on the version `before`. `current` is what is saved now.
export async function resolveConflict({ before, change, current, saveMine, takeTheirs }) {
  const known = await places();
  const text = (name, value) => h("span", { class: "lines" }, textOf(SETTINGS[name], value ?? undefined, known));
  const differing = Object.keys(SETTINGS).filter((name) => name in change || !sameValue(before[name], current[name]));
  const rows = differing.map((name) => [
    SETTINGS[name].label,
    name in change ? text(name, change[name]) : h("span", { class: "soft" }, "Not changed"),
    text(name, current[name]),
  ]);
  openDialog({
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
  });
}
