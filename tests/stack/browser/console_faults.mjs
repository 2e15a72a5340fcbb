// Use the console at CONSOLE_URL in Chromium with an API that fails, is slow or changes between two requests. This script
// answers the requests of the API itself, and prints the observations as JSON.
import { chromium } from "playwright-core";

const { CONSOLE_URL, CHROMIUM } = process.env;
const LONG = "W".repeat(256);
const PROBLEM = { status: 503, json: { detail: "A dependency failed." } };

const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu", "--no-first-run"] });
const errors = [];

// ---------------------------------------------------------------- an API
const pagination = { has_more: false };
const integration = (id, name = id) => ({ id, name, provider: "CUSTOM", auth_type: "DEFAULT", model_names: [], scopings: [{}], has_api_key: true, enable_default_models: false, function_calling_enabled: true, created_at: "2026-01-01T00:00:00.000Z" });
const keyOf = (id, settings) => ({ integration_id: id, integration_name: id, provider: "CUSTOM", kind: "stored", changed_at: "2026-01-01T00:00:00.000Z", changed_by_user_id: btoa("User:alice"), age_days: 3, is_overdue: false, consumer_count: 1, uses_by_day: [{ date: "2026-01-02", consumers: 1 }], ...settings });
const ANSWERS = {
  "GET consumers": { json: { consumers: [], pagination } },
  "GET organizations": { json: { organizations: [], pagination } },
  "GET spaces": { json: { spaces: [{ id: "space-1", name: "Search" }], pagination } },
  "GET ai-integrations": { json: { ai_integrations: [integration("one"), integration("two")], pagination } },
  "GET keys": { json: { keys: [keyOf("one"), keyOf("two")], pagination } },
  "GET audit-logs": { json: { logs: [], pagination } },
  "GET deleted-ai-integrations": { json: { deleted_ai_integrations: [], pagination } },
  "GET ai-integrations/one": { json: integration("one"), headers: { ETag: '"one.1"' } },
  "GET ai-integrations/one/key": { json: keyOf("one") },
  "GET ai-integrations/one/health": { json: { status: "unknown", rungs: [] } },
  "GET ai-integrations/two/health": { json: { status: "unknown", rungs: [] } },
  "GET ai-integrations/one/consumers": { json: { consumers: [], pagination } },
  "DELETE ai-integrations/one?dry_run=true": { json: { used_by: [], used_by_count: 0, restorable_until: "2026-02-01T00:00:00.000Z" } },
};

// Answer each request by its method and path. An answer may be a function of the request.
async function answer(route, answers) {
  const request = route.request();
  const { pathname, search } = new URL(request.url());
  if (pathname.includes("/console")) return route.continue();
  const name = `${request.method()} ${pathname.replace("/v2/", "")}`;
  const found = answers[name + search] ?? answers[name] ?? { status: 404, json: { detail: "Not found." } };
  const reply = await (typeof found === "function" ? found(request) : found);
  return reply === "abort" ? route.abort() : route.fulfill(reply).catch(() => null); // the page may have ended
}

async function open({ hash = "", answers = {}, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(3000);
  page.on("pageerror", (error) => errors.push(error.message));
  const current = { ...ANSWERS, ...answers };
  await page.route("**/*", (route) => answer(route, current));
  page.change = (changed) => Object.assign(current, changed);
  await page.goto(CONSOLE_URL + hash);
  await signIn(page);
  return page;
}

async function signIn(page) {
  await page.getByLabel("Access key").fill("aik_fake");
  await page.getByRole("button", { name: "Sign in" }).click();
  await button(page, "Sign out").waitFor();
}

const button = (scope, name) => scope.getByRole("button", { name, exact: true });
const soon = (page) => page.waitForTimeout(400);
const statusText = (page) => page.locator("#status").innerText();
const once = (first, then) => { let calls = 0; return () => (calls++ ? then : first); };

// A promise, and the function that fulfils it.
function held() {
  let release;
  const promise = new Promise((resolve) => { release = resolve; });
  return [promise, release];
}

// ---------------------------------------------------------------- observations
async function addresses() {
  const found = {};
  for (const hash of ["#/integrations/%E0%A4", "#/constructor", "#/__proto__", "#/toString/x"]) {
    const page = await open({ hash: "#/keys" });
    await page.getByRole("heading", { level: 1, name: "Keys" }).waitFor();
    await page.evaluate((each) => { location.hash = each; }, hash);
    await soon(page);
    found[hash] = await page.getByRole("heading", { level: 1 }).innerText();
    await page.context().close();
  }
  return found;
}

async function session() {
  const [answered, release] = held();
  const page = await open({ hash: "#/integrations/one" });
  await button(page, "Rotate key").click();
  await page.getByRole("dialog").waitFor();
  const signOut = () => page.evaluate(() => document.getElementById("sign-out").click());
  await signOut();
  await soon(page);
  const dialogs = [await page.getByRole("dialog").count()];
  page.change({ "DELETE ai-integrations/one?dry_run=true": () => answered });
  await signIn(page);
  await button(page, "Delete").click();
  await signOut();
  release(ANSWERS["DELETE ai-integrations/one?dry_run=true"]);
  await soon(page);
  dialogs.push(await page.getByRole("dialog").count());
  return { dialogs, title: await page.title(), status: await statusText(page) };
}

async function left() {
  const page = await open();
  await page.evaluate(() => dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true })));
  await soon(page);
  return page.getByRole("heading", { level: 1 }).innerText();
}

async function places() {
  const page = await open({ answers: { "GET spaces": PROBLEM } });
  await button(page, "Try again").waitFor();
  const failed = await page.locator("integration-list > [role=status]").innerText();
  page.change({ "GET spaces": ANSWERS["GET spaces"] });
  await button(page, "Try again").click();
  await soon(page);
  return { failed, rows: await page.getByRole("rowheader").count(), spaces: await page.getByLabel("Visible to space").locator("option").count() };
}

async function form() {
  const page = await open({ hash: "#/new", answers: { "GET spaces": PROBLEM } });
  await soon(page);
  return page.locator("main").innerText();
}

async function search() {
  const [answered, release] = held();
  const page = await open();
  await page.getByRole("rowheader").first().waitFor();
  page.change({
    "GET ai-integrations?name=slow&limit=50": () => answered,
    "GET ai-integrations?name=quick&limit=50": { json: { ai_integrations: [integration("one")], pagination } },
  });
  await page.getByLabel(/^Name/).fill("slow");
  await soon(page);
  await page.getByLabel(/^Name/).fill("quick");
  await soon(page);
  release(PROBLEM);
  await soon(page);
  return page.locator("integration-list > [role=status]").innerText();
}

async function partial() {
  const page = await open({ answers: { "GET ai-integrations/one/health": PROBLEM } });
  await soon(page);
  const cells = await page.getByRole("row").filter({ hasText: "one" }).getByRole("cell").allInnerTexts();
  return [cells[2], cells[4]].map((each) => each.trim());
}

async function ages() {
  const first = { json: { keys: [keyOf("one"), keyOf("two")], pagination: { has_more: true, next_cursor: "next" } } };
  const page = await open({ hash: "#/keys", answers: { "GET keys?limit=100": first, "GET keys?limit=100&cursor=next": once(PROBLEM, { json: { keys: [], pagination } }) } });
  await button(page, "Try again").click();
  await soon(page);
  return page.getByRole("img").first().getAttribute("aria-label");
}

async function shortLimit() {
  const page = await open({ hash: "#/keys", answers: { "GET keys": { json: { keys: [keyOf("one", { age_days: 900, max_age_days: 1, is_overdue: true })], pagination } } } });
  const chart = page.getByRole("img").first();
  await chart.waitFor();
  return { bars: await chart.locator("g").count(), words: await chart.getAttribute("aria-label") };
}

async function days() {
  const page = await open({ hash: "#/integrations/one", timezoneId: "America/Los_Angeles" });
  return page.getByRole("img").first().getAttribute("aria-label");
}

async function scoping() {
  let sent = 0;
  const spaces = [{ id: "space-1", name: "Search" }, { id: "space-2", name: "Search" }];
  const page = await open({ hash: "#/new", answers: { "GET spaces": { json: { spaces, pagination } }, "POST ai-integrations": () => { sent += 1; return PROBLEM; } } });
  await page.getByLabel(/^Name/).fill("Scoped");
  const entry = page.getByLabel("Visible to");
  await entry.fill("serch");
  await button(page, "Create").click();
  await soon(page);
  const [message, pointer] = await page.evaluate(() => { const field = document.activeElement.closest(".field"); return [field?.querySelector(".message").textContent.trim(), field?.dataset.pointer]; });
  return { sent, message, pointer, options: await entry.evaluate((each) => [...each.list.options].map(({ value }) => value)) };
}

async function revocation() {
  const consumer = (ids) => ({ id: "c1", principal_arn: "arn:aws:iam::111122223333:role/job", name: "Job", integration_ids: ids });
  let sent;
  const record = (request) => {
    sent ??= { method: request.method(), ifMatch: request.headers()["if-match"] ?? null, body: request.postDataJSON() };
    return { status: 200, json: {} };
  };
  const page = await open({ hash: "#/integrations/one", answers: {
    "GET ai-integrations/one/consumers": { json: { consumers: [{ consumer: consumer(["one"]), granted_by: "integration_ids" }], pagination } },
    "GET consumers/c1": { json: consumer(["one", "since"]), headers: { ETag: '"consumer.2"' } },
    "PATCH consumers/c1": record, "DELETE consumers/c1": record,
  } });
  await button(page, "Revoke Job").click();
  await button(page.getByRole("dialog"), "Revoke").click();
  await soon(page);
  return sent;
}

async function conflict() {
  const page = await open({ hash: "#/edit/one", answers: { "PATCH ai-integrations/one": { status: 412, json: { detail: "It has changed." } } } });
  await page.getByLabel("Credentials").selectOption("api_key");
  await page.getByLabel(/^API key/).fill("sk-fake-new");
  page.change({ "GET ai-integrations/one/key": { json: keyOf("one", { changed_at: "2026-01-05T00:00:00.000Z", changed_by_user_id: btoa("User:bob") }) } });
  await button(page, "Save").click();
  await page.getByRole("dialog").waitFor();
  return { rows: await page.getByRole("dialog").locator("tbody tr").allInnerTexts() };
}

async function doubleClick() {
  const page = await open({ hash: "#/integrations/one" });
  await button(page, "Delete").evaluate((each) => { each.click(); each.click(); });
  await soon(page);
  return page.getByRole("dialog").count();
}

async function closed() {
  const [answered, release] = held();
  const page = await open({ hash: "#/integrations/one", answers: { "DELETE ai-integrations/one": () => answered } });
  await button(page, "Delete").click();
  await button(page.getByRole("dialog"), "Delete").click();
  await page.keyboard.press("Escape");
  release(PROBLEM);
  await soon(page);
  return statusText(page);
}

async function answers() {
  const kinds = {
    "no detail": { status: 403, json: { message: "Forbidden" } },
    "no JSON": { status: 502, contentType: "text/html", body: "<h1>Bad gateway</h1>" },
    "no JSON despite 200": { status: 200, contentType: "text/html", body: "<h1>Welcome</h1>" },
    interrupted: "abort",
  };
  const found = {};
  for (const [kind, reply] of Object.entries(kinds)) {
    const page = await open({ answers: { "GET ai-integrations": reply } });
    await button(page, "Try again").waitFor();
    found[kind] = await page.locator("integration-list > [role=status]").innerText();
    await page.context().close();
  }
  return found;
}

async function wide() {
  const long = { json: integration("one", LONG), headers: { ETag: '"one.1"' } };
  const page = await open({ hash: "#/integrations/one", viewport: { width: 390, height: 844 }, answers: { "GET ai-integrations/one": long, "DELETE ai-integrations/one": { status: 204 } } });
  const outside = (selector) => page.locator(selector).evaluateAll((all) => all.filter((each) => each.scrollWidth > each.clientWidth + 1).map((each) => each.outerHTML.slice(0, 60)));
  await button(page, "Delete").click();
  const found = await outside("dialog, dialog h2");
  await button(page.getByRole("dialog"), "Delete").click();
  await page.locator("#status:not(:empty)").waitFor();
  return [...found, ...await outside("#status, html")];
}

async function module() {
  const page = await open();
  await page.route("**/console/keys.js", (route) => route.abort());
  await page.getByRole("link", { name: "Keys" }).click();
  await soon(page);
  return statusText(page);
}

// A dry run that fails for another reason than the role, for example because an older name breaks a newer rule.
async function uncertain() {
  const page = await open({ hash: "#/integrations/one", answers: { "GET consumers": { status: 403, json: { detail: "Admins only." } }, "PATCH ai-integrations/one?dry_run=true": { status: 422, json: { detail: "Invalid." } } } });
  await soon(page);
  return page.locator("main").innerText();
}

// What a script could try that got into the page: each attempt breaks the policy, or has no effect.
async function policy() {
  const page = await open();
  const blocked = await page.evaluate(async () => {
    const directives = [];
    addEventListener("securitypolicyviolation", (event) => directives.push(event.effectiveDirective));
    const add = (name, attributes) => {
      const element = document.createElement(name);
      for (const [each, value] of Object.entries(attributes)) element.setAttribute(each, value);
      document.body.append(element);
      return element;
    };
    add("p", { style: "color: red" });
    let object;
    try { add("object", { data: "data:text/html,x" }); } catch (error) { object = error.name; }
    add("base", { href: "http://attacker.example/" });
    add("iframe", { src: "data:text/html,x" });
    add("link", { rel: "stylesheet", href: "http://attacker.example/x.css" });
    add("a", { href: "javascript:window.attacked = true" }).click();
    add("form", { action: "http://attacker.example/", method: "post" }).submit();
    await new Promise((resolve) => { setTimeout(resolve, 300); });
    return [...directives, object];
  });
  return { blocked, attacked: await page.evaluate(() => window.attacked ?? false), base: await page.evaluate(() => document.baseURI) };
}

// An observation that failed is recorded, so that the others are still made.
async function observe(all) {
  const found = {};
  for (const each of all) {
    try {
      found[each.name] = await each();
    } catch (error) {
      errors.push(`${each.name}: ${error.message}`);
    }
  }
  return found;
}

try {
  const observed = await observe([addresses, session, left, places, form, search, partial, ages, shortLimit, days, scoping, revocation, conflict, doubleClick, closed, answers, wide, module, uncertain, policy]);
  console.log(JSON.stringify({ ...observed, errors }));
} finally {
  await browser.close();
}
