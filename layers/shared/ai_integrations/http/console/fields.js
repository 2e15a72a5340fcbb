// Form fields: a label, a control, a note, and the message of the rule that the value breaks.

import { h, newId, replace } from "./dom.js";

// A control inside its label needs no id.
export const field = (label, control) => h("label", {}, h("span", {}, label), control);

export const input = (attributes) => h("input", { autocomplete: "off", spellcheck: "false", ...attributes });

// A field for a secret: password managers neither fill nor keep it.
export const secretInput = (attributes) => input({ type: "password", autocomplete: "new-password", ...attributes });

// `choices` are labels by value, or pairs: objects sort keys that are numbers before all others.
export const select = (choices, { value, ...attributes } = {}) =>
  h("select", attributes, options(Array.isArray(choices) ? choices : Object.entries(choices), value));

export const options = (pairs, selected) => pairs.map(([value, label]) => h("option", { value, selected: value === selected }, label));

export function checkbox(label, checked) {
  const box = h("input", { type: "checkbox", checked });
  return { box, node: h("label", { class: "check" }, box, h("span", {}, label)) };
}

// `pointer` names the value in the request, as the errors of a problem document do.
export function formField(pointer, label, control, { note, required, hidden } = {}) {
  const [id, noteId, messageId] = ["control", "note", "message"].map(newId);
  const target = control.entry ?? control; // a picker's input
  target.id = id;
  if (required) target.setAttribute("aria-required", "true");
  target.setAttribute("aria-describedby", `${noteId} ${messageId}`);
  return h("div", { class: "field", "data-pointer": pointer, hidden },
    h("label", { for: id }, label, required && h("span", { class: "soft" }, " (required)")),
    control,
    h("p", { id: noteId, class: "soft note" }, note),
    h("p", { id: messageId, class: "bad message" }));
}

// The fields of an object in a request, by the names of its members.
export const objectFields = (pointer, fields = {}, values = {}) => Object.entries(fields).map(([name, { label, required, note }]) =>
  formField(`${pointer}/${name}`, label, input({ name, value: values[name] }), { required, note }));

// Values that are empty are left out.
export function objectValues(form, pointer) {
  const controls = [...form.querySelectorAll(`[data-pointer^="${pointer}/"] input`)];
  return Object.fromEntries(controls.map(({ name, value }) => [name, value.trim()]).filter(([, value]) => value));
}

// Show each message of a problem at its field, and the others in `summary`, which announces them.
export function showProblem(form, summary, error) {
  clearProblem(form, summary);
  const fields = [...form.querySelectorAll("[data-pointer]")].filter((each) => !each.closest("[hidden]"));
  const others = [];
  for (const { pointer, detail } of error.errors ?? []) {
    const place = fields.findLast((each) => isAtOrBelow(pointer, each.dataset.pointer)) ?? fields.find((each) => each.dataset.also?.split(" ").includes(pointer));
    if (place) mark(place, detail);
    else others.push(detail);
  }
  const marked = form.querySelector("[aria-invalid]");
  const texts = marked ? ["Some fields need a change.", ...others] : others.length ? others : [error.message];
  replace(summary, texts.map((each) => h("p", {}, each)));
  if (marked) marked.focus();
}

export function clearProblem(form, summary) {
  replace(summary);
  for (const each of form.querySelectorAll(".message")) replace(each);
  for (const each of form.querySelectorAll("[aria-invalid]")) each.removeAttribute("aria-invalid");
}

function mark(place, detail) {
  const fold = place.closest("details");
  if (fold) fold.open = true;
  place.querySelector(".message").append(h("span", {}, `${detail} `));
  place.querySelector("[aria-describedby]").setAttribute("aria-invalid", "true");
}

const isAtOrBelow = (pointer, place) => pointer === place || pointer.startsWith(`${place}/`);

// "Name: value" lines, for headers and parameters.
export const toLines = (map = {}) => Object.entries(map).map(([name, value]) => `${name}: ${value}`).join("\n");

export function fromLines(text) {
  const lines = text.split("\n").map((each) => each.trim()).filter(Boolean);
  return Object.fromEntries(lines.map((line) => {
    const [name, ...value] = line.split(":");
    return [name.trim(), value.join(":").trim()];
  }));
}
