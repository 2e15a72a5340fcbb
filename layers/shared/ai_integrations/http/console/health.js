// The result of the last connection test, and a new one.

import { call, integrationPath } from "./api.js";
import { card } from "./cards.js";
import { announce, exclusively, h, onsubmit, replace } from "./dom.js";
import { healthBadge, healthOf } from "./facts.js";
import { field, input } from "./fields.js";
import { moment, plural } from "./format.js";
import * as session from "./session.js";
import { runningSteps, steps } from "./steps.js";
import { problemText } from "./views.js";

export const healthCard = (id) => card("Connection", async () => {
  const result = h("div");
  show(result, await healthOf(id));
  return [result, session.isAdmin() && testForm(id, result)];
});

function show(place, health) {
  replace(place,
    h("p", {}, healthBadge(health), health.checked_at && h("span", { class: "soft" }, `, tested on ${moment(health.checked_at)}`)),
    steps(health.rungs),
    health.models && h("details", {},
      h("summary", {}, `${plural(health.models.length, "model")} on the provider’s list`),
      h("p", { class: "lines" }, health.models.join("\n"))));
}

function testForm(id, place) {
  const model = input({ placeholder: "the first of its models" });
  const submit = h("button", {}, "Test the connection");
  return h("form", { class: "row test", onsubmit: onsubmit(() => exclusively(submit, run)) }, field("Model", model), submit);

  async function run() {
    replace(place, runningSteps());
    try {
      const { body } = await call("POST", integrationPath(id, "/test"), { body: { model: model.value.trim() || null } });
      show(place, body);
      announce(`The test has ended: ${body.status.replace("_", " ")}.`);
    } catch (error) {
      replace(place, h("p", { role: "alert" }, problemText(error)));
    }
  }
}
