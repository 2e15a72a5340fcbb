// Open the documentation page at DOCS_URL in Chromium, call the API from it with ACCESS_KEY, and print the observations
// as JSON. Node.js reads this script from standard input, so that it imports playwright-core from the working directory.
import { chromium } from "playwright-core";

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
try {
  const page = await browser.newPage();
  const observed = { errors: [], hosts: new Set() };
  page.on("console", (message) => message.type() === "error" && observed.errors.push(message.text()));
  page.on("pageerror", (error) => observed.errors.push(error.message));
  page.on("request", (request) => observed.hosts.add(new URL(request.url()).host));
  await page.goto(process.env.DOCS_URL);
  await page.locator("article").first().waitFor();
  const operations = await page.locator("article").evaluateAll((all) => all.map((each) => each.id));
  await page.getByLabel("Access key").fill(process.env.ACCESS_KEY);

  const tryOperation = async (operation) => {
    const article = page.locator(`#${operation}`);
    await article.getByRole("button", { name: "Try it" }).click();
    await article.locator(".result p").waitFor();
    return article.locator(".result p").innerText();
  };
  const create = await tryOperation("createAiIntegration");
  const get = await tryOperation("getAiIntegration"); // the page filled in the id of the created integration
  const remove = await tryOperation("deleteAiIntegration");
  const stored = await page.evaluate(() => [localStorage.length, sessionStorage.length, document.cookie.length]);
  const narrow = { width: 390, height: 800 };
  await page.setViewportSize(narrow);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  console.log(JSON.stringify({ ...observed, hosts: [...observed.hosts], operations, create, get, remove, stored, overflow }));
} finally {
  await browser.close();
}
