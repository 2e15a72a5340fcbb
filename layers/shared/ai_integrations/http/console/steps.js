// The steps of a connection test, as a timeline: what each one proved, and how long it took.

import { timeLine } from "./charts.js";
import { h } from "./dom.js";
import { statusBadge } from "./facts.js";

const NAMES = {
  reachable: "Reachable", token_exchanged: "Token exchanged", authenticated: "Authenticated",
  model_answers: "Model answers", project_labeled: "Project labeled",
};
const EXPECTED = ["reachable", "authenticated", "model_answers"];

export const steps = (rungs) => [
  h("ol", { class: "steps" }, rungs.map(step)),
  rungs.length > 1 && rungs[0].latency_ms != null && timeLine("Time of each step", rungs.map(span)),
];

const span = ({ name, status, latency_ms: length }) => ({ name: NAMES[name] ?? name, length, marked: status === "failed" });

// The API returns all steps together, when the test ends.
export const runningSteps = () => h("div", { "aria-busy": "true" },
  h("p", { role: "status" }, "The test runs. It takes at most 15 seconds."),
  steps(EXPECTED.map((name) => ({ name, status: "waiting" }))));

function step({ name, status, latency_ms: latency, proved, not_proved: notProved, provider_said: answer }) {
  return h("li", { class: status },
    h("strong", {}, NAMES[name] ?? name), " ", statusBadge(status), latency != null && h("span", { class: "soft" }, ` ${latency} ms`),
    proved && h("p", {}, proved),
    notProved && h("p", {}, notProved),
    answer && h("p", {}, "The provider answered: ", h("q", {}, answer)));
}
