// A page in Debian's Chromium, watched: whatever it says on its console or asks of the network is kept.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const CHROMIUM = "/usr/bin/chromium";

export async function startBrowser() {
  if (!existsSync(CHROMIUM)) throw new Error(`${CHROMIUM} is missing: run deploy/install-deps.sh --tests`);
  // Its sandbox does not work for root, as whom the tests of a container run. The pages are our own.
  return chromium.launch({ executablePath: CHROMIUM, args: process.getuid() === 0 ? ["--no-sandbox"] : [] });
}

// Opens a file or an address; `troubles` and `requests` grow while the page is open.
export async function open(browser, where, options = {}) {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    acceptDownloads: true,
    ...options,
  });
  const page = await context.newPage();
  const troubles = [];
  const requests = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) troubles.push(`${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => troubles.push(`uncaught: ${error.stack}`));
  page.on("request", (request) => requests.push(request.url()));
  const url = where.startsWith("http") ? where : pathToFileURL(where).href;
  await page.goto(url);
  await page.waitForSelector("html[data-ready=yes]");
  return { page, troubles, requests, url, close: () => context.close() };
}

// Goes to each chart, so that it is drawn; how many there are.
export async function drawAll(page) {
  const charts = page.locator(".chart");
  const count = await charts.count();
  for (let i = 0; i < count; i++) {
    const chart = charts.nth(i);
    if (!(await chart.isVisible())) continue;
    await chart.scrollIntoViewIfNeeded();
    await page.waitForFunction((element) => element.dataset.drawn === "yes", await chart.elementHandle());
  }
  return count;
}

export function makePages(folder, ...more) {
  const program = process.env.REPORT_SAMPLE_PAGES;
  if (!program) throw new Error("REPORT_SAMPLE_PAGES names the program report_sample_pages");
  return execFileSync(program, [folder, ...more], { encoding: "utf8" });
}
