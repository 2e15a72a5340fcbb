// Modal dialogs. The browser keeps the focus inside, closes on Escape and returns the focus to what opened the dialog.

import { announce, button, exclusively, h, newId } from "./dom.js";
import { clearProblem, showProblem } from "./fields.js";

// Open a dialog with a form. `onsubmit` carries out the act, and throws a Problem to show at its fields. What it returns
// is called when the dialog is closed and the focus is back. The button of the `alternative` {text, act} closes it too.
export function openDialog({ title, content, action, danger, broad, onsubmit, cancel = "Cancel", alternative }) {
  const titleId = newId("title");
  const summary = h("div", { role: "alert", class: "bad" });
  const submit = h("button", { class: danger && "danger" }, action);
  const form = h("form", { onsubmit: (event) => { event.preventDefault(); exclusively(submit, run); } },
    h("h2", { id: titleId }, title), content, summary,
    h("p", { class: "buttons" }, submit, button(cancel, () => dialog.close()),
      alternative && button(alternative.text, () => { dialog.close(); alternative.act(); })));
  const dialog = h("dialog", { class: broad && "broad", "aria-labelledby": titleId, onclose: () => dialog.remove() }, form);

  async function run() {
    clearProblem(form, summary);
    try {
      const done = await onsubmit();
      dialog.close();
      done?.();
    } catch (error) {
      if (dialog.open) showProblem(form, summary, error);
      else announce(error.message);
    }
  }

  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

// A button that opens the dialog which `prepare` describes, unless the user has left the view meanwhile.
export function dialogButton(text, prepare, attributes) {
  const trigger = button(text, () => exclusively(trigger, open), attributes);
  return trigger;

  async function open() {
    try {
      const settings = await prepare();
      if (trigger.isConnected) openDialog(settings);
    } catch (error) {
      announce(error.message);
    }
  }
}
