// Opens the page at DOCS_URL in Chromium, tries a create with ACCESS_KEY, and prints what was seen as JSON.
// From standard input, in the folder of playwright-core, so that it is looked for there.
import { chromium } from "playwright-core";

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
try {
  const page = await browser.newPage();
  const seen = { errors: [], hosts: new Set() };
  page.on("console", (message) => message.type() === "error" && seen.errors.push(message.text()));
  page.on("pageerror", (error) => seen.errors.push(error.message));
  page.on("request", (request) => seen.hosts.add(new URL(request.url()).host));
  await page.goto(process.env.DOCS_URL);
  await page.locator("article").first().waitFor();
  const operations = await page.locator("article").evaluateAll((all) => all.map((each) => each.id));
  await page.getByLabel("Access key").fill(process.env.ACCESS_KEY);

  const tried = async (operation) => {
    const article = page.locator(`#${operation}`);
    await article.getByRole("button", { name: "Try it" }).click();
    await article.locator(".result p").waitFor();
    return article.locator(".result p").innerText();
  };
  const create = await tried("createAiIntegration");
  const get = await tried("getAiIntegration"); // by the id that the create has left there
  const remove = await tried("deleteAiIntegration");
  const stored = await page.evaluate(() => [localStorage.length, sessionStorage.length, document.cookie.length]);
  const narrow = { width: 390, height: 800 };
  await page.setViewportSize(narrow);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  console.log(JSON.stringify({ ...seen, hosts: [...seen.hosts], operations, create, get, remove, stored, overflow }));
} finally {
  await browser.close();
}
