// Open the documentation page at DOCS_URL in Chromium, call the API from it with ACCESS_KEY, and print the observations
// as JSON. Node.js reads this script from standard input, so that it imports its packages from the working directory.
import axe from "axe-core";
import { chromium } from "playwright-core";

const WIDE = { width: 1280, height: 900 };
const LOW = { width: 1280, height: 400 };
const NARROW = { width: 390, height: 800 };

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const hosts = new Set();

// ---------------------------------------------------------------- helpers
async function open({ hash = "", init, ...options } = {}) {
  const context = await browser.newContext({ viewport: WIDE, reducedMotion: "reduce", permissions: ["clipboard-read", "clipboard-write"], ...options });
  const page = await context.newPage();
  page.sent = [];
  page.on("request", (request) => {
    hosts.add(new URL(request.url()).host);
    page.sent.push(request.method());
  });
  if (init) await page.addInitScript(init);
  await page.goto(process.env.DOCS_URL + hash);
  await page.locator("article").first().waitFor();
  return page;
}

const enterKey = (page) => page.getByLabel("Access key").fill(process.env.ACCESS_KEY);
const tryButton = (article) => article.getByRole("button", { name: "Try it" });

async function unfolded(page, operation) {
  const article = page.locator(`#${operation}`);
  await article.locator("> details").evaluate((details) => { details.open = true; });
  return article;
}

async function report(article) {
  await article.getByRole("status").locator("p").first().waitFor();
  return article.getByRole("status").innerText();
}

async function tryOperation(page, operation) {
  const article = await unfolded(page, operation);
  await tryButton(article).click();
  return report(article);
}

const unfoldAll = (page) => page.locator("details").evaluateAll((all) => all.forEach((each) => { each.open = true; }));
const visibleTexts = (locator) => locator.filter({ visible: true }).allInnerTexts();

async function createNamed(page, name) {
  const article = await unfolded(page, "createAiIntegration");
  await article.getByLabel("Body").fill(JSON.stringify({ name, provider: "openAI", api_key: "sk-fake-docs-page" }));
  return article;
}

// ---------------------------------------------------------------- observations
async function firstView() {
  const page = await open();
  const articles = page.locator("article");
  const create = page.locator("#createAiIntegration");
  const first = {
    height: await page.evaluate(() => document.documentElement.scrollHeight),
    operations: await articles.evaluateAll((all) => all.map((each) => each.id)),
    unfolded: await articles.evaluateAll((all) => all.filter((each) => each.firstChild.open).map((each) => each.id)),
    fields: await visibleTexts(create.locator("dt > code")),
    responses: await visibleTexts(page.locator(".responses .fold")),
    document: await page.getByRole("link", { name: "OpenAPI document", exact: true }).evaluate((link) => fetch(link.href).then((response) => response.status)),
  };
  await create.getByText("Responses:").click();
  first.unfoldedResponses = await visibleTexts(create.locator(".responses .fold > summary .status"));
  return first;
}

// For each section of each operation, and for each form: whether each entry is required, in the order shown.
async function order() {
  const page = await open();
  const requiredIn = (selector, entry) => page.locator(selector).evaluateAll((all, inner) => all.map((each) =>
    [...each.querySelectorAll(inner)].map((label) => label.textContent.endsWith("required"))), entry);
  return [...await requiredIn("dl.fields", ":scope > div > dt"), ...await requiredIn(".try form", "label:has(+ input) > span")];
}

// The space above and below the form of a long operation in a low window, after scrolling down.
async function stickyForm() {
  const page = await open({ hash: "#updateAiIntegration", viewport: LOW });
  await page.mouse.move(LOW.width / 2, LOW.height / 2);
  await page.mouse.wheel(0, 800);
  await page.waitForFunction(() => document.querySelector("#updateAiIntegration").getBoundingClientRect().top < -500);
  return page.locator("#updateAiIntegration .try > div").evaluate((form) => {
    const { top, bottom } = form.getBoundingClientRect();
    return { above: top, below: innerHeight - bottom };
  });
}

async function calls() {
  const page = await open();
  const errors = [];
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  page.on("pageerror", (error) => errors.push(error.message));
  await enterKey(page);
  const create = await tryOperation(page, "createAiIntegration");
  const get = await tryOperation(page, "getAiIntegration"); // the page filled in the id of the created integration
  page.sent.length = 0;
  const questions = [];
  page.once("dialog", (dialog) => { questions.push(dialog.message()); dialog.dismiss(); });
  const canceled = { report: await tryOperation(page, "deleteAiIntegration"), sent: [...page.sent] };
  page.once("dialog", (dialog) => dialog.accept());
  await tryButton(page.locator("#deleteAiIntegration")).click();
  await page.locator("#deleteAiIntegration").getByText(" ms").waitFor();
  const remove = await report(page.locator("#deleteAiIntegration"));
  const stored = await page.evaluate(() => [localStorage.length, sessionStorage.length, document.cookie.length]);
  await page.reload();
  return { errors, create, get, canceled, questions, remove, stored, keyAfterReload: await page.getByLabel("Access key").inputValue() };
}

async function withoutKey() {
  const page = await open();
  page.sent.length = 0;
  const answer = await tryOperation(page, "createAiIntegration");
  return { report: answer, sent: page.sent, focus: await page.evaluate(() => document.activeElement.id) };
}

async function problems() {
  const page = await open();
  await enterKey(page);
  const article = await unfolded(page, "createAiIntegration");
  await article.getByLabel("Body").fill('{"name": "", "provider": "openAI", "model_names": 3}');
  await tryButton(article).click();
  return report(article);
}

async function keyboard() {
  const page = await open();
  await enterKey(page);
  await page.getByRole("link", { name: "List integrations" }).press("Enter");
  const article = page.locator("#listAiIntegrations");
  await page.keyboard.press("Tab");
  const next = await page.evaluate(() => document.activeElement.closest("article")?.id);
  await tryButton(article).press("Enter");
  await report(article);
  return { next, report: await report(article), focus: await page.evaluate(() => document.activeElement.textContent) };
}

async function curl(options) {
  const page = await open(options);
  await enterKey(page);
  const article = await createNamed(page, "Ann's $HOME \"gateway\"");
  await article.getByRole("button", { name: "Copy as curl" }).click();
  const message = await report(article);
  const shown = await article.getByRole("region", { name: "Command" }).innerText();
  return { message, shown, clipboard: await page.evaluate(() => navigator.clipboard?.readText()) };
}

// The request for credentials, which the page cannot sign: its buttons, and the command after Enter in its field.
async function signed() {
  const page = await open({ hash: "#resolveAiIntegration" });
  await enterKey(page);
  page.sent.length = 0;
  const article = page.locator("#resolveAiIntegration");
  const id = article.locator('[name="integration_id"]');
  await id.fill("an-id");
  await id.press("Enter");
  const shown = await article.getByRole("region", { name: "Command" }).innerText();
  return { buttons: await article.getByRole("button").allInnerTexts(), shown, sent: page.sent.length };
}

async function look(viewport, colorScheme) {
  const page = await open({ viewport, colorScheme });
  await unfoldAll(page);
  await enterKey(page);
  await tryOperation(page, "listAiIntegrations");
  const { violations } = await page.evaluate(`${axe.source}; axe.run()`);
  const outside = await page.locator("body *").evaluateAll((all) =>
    all.filter((each) => each.checkVisibility() && each.getBoundingClientRect().right > innerWidth).map((each) => each.outerHTML.slice(0, 80)));
  const found = violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target}`));
  return { outside, violations: found };
}

async function looks() {
  const variants = [WIDE, NARROW].flatMap((viewport) => ["light", "dark"].map((scheme) => [viewport, scheme]));
  return Promise.all(variants.map((variant) => look(...variant)));
}

try {
  const observed = {
    first: await firstView(), order: await order(), sticky: await stickyForm(), calls: await calls(), without_key: await withoutKey(),
    problems: await problems(), keyboard: await keyboard(), curl: await curl(),
    signed: await signed(),
    no_clipboard: await curl({ init: () => Object.defineProperty(navigator, "clipboard", { value: undefined }) }), looks: await looks(),
  };
  console.log(JSON.stringify({ ...observed, hosts: [...hosts] }));
} finally {
  await browser.close();
}
