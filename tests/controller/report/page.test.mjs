// The report's page and the lab's in a real browser, over made-up sweeps: drawn, quiet, sortable, usable without a mouse.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { drawAll, makePages, open, startBrowser } from "./browser.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PAGES = ["night", "plain", "wide", "strangers", "hostile", "invalid", "crashed", "pending", "lab", "empty-lab"];
const WIDTHS = [320, 768, 1280, 3840];

let browser;
let folder;
const file = (name) => join(folder, `${name}.html`);

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "crosscall-report-"));
  makePages(folder);
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

for (const name of PAGES) {
  test(`${name}: draws its charts, says nothing on the console, asks nothing of the network, fits all widths`, async () => {
    for (const colorScheme of ["light", "dark"]) {
      const { page, troubles, requests, url, close } = await open(browser, file(name), { colorScheme });
      // Widths are the same in the dark.
      for (const width of colorScheme === "light" ? WIDTHS : [1280]) {
        await page.setViewportSize({ width, height: 900 });
        await drawAll(page);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        assert.ok(overflow <= 0, `${overflow} pixels too wide at ${width}`);
      }
      const empty = await page.evaluate(() =>
        [...document.querySelectorAll(".chart[data-drawn]")]
          .filter((chart) => chart.querySelectorAll("svg path").length < 3)
          .map((chart) => chart.getAttribute("aria-label")),
      );
      assert.deepEqual(empty, [], "charts without a picture");
      assert.deepEqual(troubles, []);
      assert.deepEqual(
        requests.filter((each) => each !== url && !each.startsWith("data:")),
        [],
      );
      await close();
    }
  });
}

test("night: has a chart of each kind", async () => {
  const { page, close } = await open(browser, file("night"));
  await drawAll(page);
  const titles = new Set(await page.locator("figcaption").allTextContents());
  for (const title of [
    "Latency by percentile",
    "Histogram of latency",
    "Mean time in each stage of a call",
    "p50 of calls between CPUs",
    "Latency by number of other CPUs",
    "Who waits for whom",
    "The last steps, and who has waited since",
    "p99 now over p99 then",
  ]) {
    assert.ok(titles.has(title), title);
  }
  // Two arrows between the two CPUs of the cycle, each with its words.
  const graph = page.locator('.chart[aria-label^="Who waits for whom"]').first();
  assert.equal(await graph.locator("svg text", { hasText: "completion, 1.00 s" }).count(), 2);
  await close();
});

test("a heading sorts its table, again the other way, and what has no value stands last", async () => {
  const { page, close } = await open(browser, file("night"));
  const table = page.locator("#results table");
  await page.locator("#results button", { hasText: "more" }).click();
  const heading = table.locator("th", { hasText: "p99" }).first();
  const values = async () => {
    const column = await heading.evaluate((element) => element.cellIndex);
    const texts = await table
      .locator("tbody tr")
      .evaluateAll((rows, i) => rows.map((row) => row.cells[i].textContent), column);
    const units = { ns: 1, µs: 1e3, ms: 1e6, s: 1e9 };
    return texts.map((text) => (text === "–" ? null : parseFloat(text) * units[text.split(" ")[1]]));
  };
  await heading.locator("button").click();
  assert.equal(await heading.getAttribute("aria-sort"), "descending");
  const falling = await values();
  const known = falling.filter((value) => value !== null);
  assert.ok(known.length > 20 && known.length < falling.length);
  assert.deepEqual(
    falling.slice(0, known.length),
    [...known].sort((a, b) => b - a),
  );
  await heading.locator("button").click();
  assert.equal(await heading.getAttribute("aria-sort"), "ascending");
  assert.deepEqual(
    (await values()).slice(0, known.length),
    [...known].sort((a, b) => a - b),
  );
  await close();
});

test("a word filters a table, and says how many rows are left", async () => {
  const { page, close } = await open(browser, file("night"));
  await page.locator("#results").getByLabel("Rows with").fill("rendezvous");
  const rows = await page.locator("#results tbody tr").allTextContents();
  assert.ok(rows.length > 3 && rows.every((row) => row.includes("rendezvous")));
  assert.equal(await page.locator("#results .status").textContent(), `${rows.length} of ${rows.length} rows`);
  await close();
});

test("the keyboard alone reaches and works everything", async () => {
  const { page, troubles, close } = await open(browser, file("night"));
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to the content");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "main");
  // The walk ends where the browser's own controls begin. Radio groups and hidden parts are no stops.
  const wanted = await page.evaluate(
    () =>
      [
        ...document.querySelectorAll("main a, main button, main select, main input, main summary, main [tabindex='0']"),
      ].filter((element) => element.checkVisibility()).length,
  );
  let reached = 0;
  const unmarked = [];
  for (; reached < wanted + 5; reached++) {
    await page.keyboard.press("Tab");
    const stop = await page.evaluate(() => {
      const element = document.activeElement;
      const style = getComputedStyle(element);
      return {
        body: element === document.body,
        name: `${element.tagName} ${element.textContent.slice(0, 30)}`,
        outline: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
      };
    });
    if (stop.body) break;
    if (!stop.outline) unmarked.push(stop.name);
  }
  assert.equal(reached, wanted);
  assert.deepEqual(unmarked, [], "stops that do not show that they have the focus");

  await page.locator("#results th button", { hasText: "Calls" }).focus();
  await page.keyboard.press("Enter");
  assert.equal(await page.locator("#results th[aria-sort]").textContent(), "Calls");
  const before = await page.locator("#latency .chart").first().getAttribute("aria-label");
  await page.locator("#latency").getByLabel("Board").focus();
  await page.keyboard.press("ArrowDown");
  assert.notEqual(await page.locator("#latency .chart").first().getAttribute("aria-label"), before);
  await page.locator("#explorer summary").first().focus();
  await page.keyboard.press("Enter");
  assert.ok(await page.locator("#explorer .trace").first().isVisible());
  assert.deepEqual(troubles, []);
  await close();
});

test("screen readers and weak eyes: axe finds nothing, in light and dark", async () => {
  for (const colorScheme of ["light", "dark"]) {
    for (const name of ["night", "lab"]) {
      const { page, close } = await open(browser, file(name), { colorScheme });
      await drawAll(page);
      await page.evaluate(AXE);
      const found = await page.evaluate(async () =>
        (await window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] })).violations.map(
          (each) =>
            `${each.id}: ${each.nodes
              .slice(0, 3)
              .map((node) => `${node.target} ${node.failureSummary}`)
              .join(" | ")}`,
        ),
      );
      assert.deepEqual(found, [], `${name}, ${colorScheme}`);
      await close();
    }
  }
});

test("the theme can be chosen, and charts follow", async () => {
  const { page, close } = await open(browser, file("night"), { colorScheme: "light" });
  await drawAll(page);
  const look = () =>
    page.evaluate(() => [
      getComputedStyle(document.documentElement).backgroundColor,
      document.querySelector("#latency .chart svg text").getAttribute("fill"),
    ]);
  const light = await look();
  await page.getByLabel("Theme").selectOption("dark");
  const dark = await look();
  assert.notEqual(dark[0], light[0]);
  assert.notEqual(dark[1], light[1]);
  await close();
});

test("print: light, everything drawn, findings open, no controls", async () => {
  const { page, troubles, close } = await open(browser, file("night"), { colorScheme: "dark" });
  const pdf = await page.pdf({ format: "A4" });
  assert.ok(pdf.length > 50_000);
  await page.emulateMedia({ media: "print" });
  await page.evaluate(() => window.dispatchEvent(new Event("beforeprint")));
  const state = await page.evaluate(() => ({
    ground: getComputedStyle(document.documentElement).backgroundColor,
    undrawn: [...document.querySelectorAll(".chart")].filter((chart) => chart.dataset.drawn !== "yes").length,
    wide: [...document.querySelectorAll(".chart svg")].filter((svg) => svg.getBoundingClientRect().width > 681).length,
    closed: document.querySelectorAll("details.finding:not([open])").length,
    controls: [...document.querySelectorAll("select, input, nav")].filter(
      (element) => element.checkVisibility() && !element.closest(".title"),
    ).length,
  }));
  assert.deepEqual(state, { ground: "rgb(255, 255, 255)", undrawn: 0, wide: 0, closed: 0, controls: 0 });
  assert.deepEqual(troubles, []);
  await close();
});

async function saved(page, button) {
  const [download] = await Promise.all([page.waitForEvent("download"), page.locator(button).click()]);
  return { name: download.suggestedFilename(), text: readFileSync(await download.path(), "utf8") };
}

test("the data can be saved as JSON and CSV", async () => {
  const { page, close } = await open(browser, file("night"));
  const json = await saved(page, "#save-json");
  assert.equal(json.name, "nightly-2.json");
  const report = JSON.parse(json.text);
  assert.equal(report.sweep.progress.hung, 5);
  const csv = await saved(page, "#save-csv");
  const lines = csv.text.trimEnd().split("\r\n");
  assert.equal(lines.length, report.sweep.points.length + 1);
  assert.ok(lines[0].startsWith("scenario,implementation,system,board,") && lines[0].includes("p99_nanos"));
  await close();
});

test("hostile strings stay text", async () => {
  const { page, close } = await open(browser, file("hostile"), { colorScheme: "light" });
  await drawAll(page);
  assert.equal(await page.title(), "Sweep hostile - crosscall");
  assert.equal(await page.locator("img").count(), 0);
  assert.equal(await page.locator("script").count(), 2);
  assert.ok((await page.locator("#hangs .lead").first().textContent()).includes("</script><script>"));
  const csv = await saved(page, "#save-csv");
  assert.ok(csv.text.includes("'=cmd()"), "what a spreadsheet would take for a formula is quoted");
  await close();
});

for (const [name, section, words] of [
  ["night", "#invalid", "not registered any more"],
  ["night", "#comparison", "slower"],
  ["night", "#environment", "6.1.0-26-amd64"],
  ["night", "#interrupts", "all seen"],
  ["plain", "#comparison", "No baseline was chosen"],
  ["strangers", "#comparison", "nothing can be compared"],
  ["strangers", "#summary", "Cannot be compared"],
  ["invalid", "#summary", "10 attempts had invalid numbers"],
  ["invalid", "#invalid", "0 of 3,920 expected interrupts were seen"],
  ["invalid", "#latency", "No trial completed"],
  ["crashed", "#summary", "Not measured"],
  ["crashed", "#invalid", "10 crashed"],
  ["pending", "#summary", "The sweep has not ended: 10 trials"],
  ["wide", "#heatmap", "Aggregated: 1,024 CPUs are too many to draw. Each cell stands for up to 16 × 16 pairs"],
  ["empty-lab", "#boards", "No board has registered yet"],
]) {
  test(`${name}: ${section.slice(1)} says "${words}"`, async () => {
    const { page, close } = await open(browser, file(name));
    assert.ok((await page.locator(section).textContent()).includes(words));
    await close();
  });
}
