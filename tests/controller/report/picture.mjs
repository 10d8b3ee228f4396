// usage: node picture.mjs FILE.png      the README's picture
//        node picture.mjs FOLDER        each section of the night's report, in light and dark
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { drawAll, makePages, open, startBrowser } from "./browser.mjs";

const target = process.argv[2];
const folder = mkdtempSync(join(tmpdir(), "crosscall-report-"));
const browser = await startBrowser();
try {
  makePages(folder);
  if (target.endsWith(".png")) {
    const { page } = await open(browser, join(folder, "night.html"), {
      colorScheme: "light",
      viewport: { width: 1280, height: 900 },
      // A small file.
      deviceScaleFactor: 0.8,
    });
    await drawAll(page);
    // What fits under one look: the answers, and the curves.
    await page.evaluate(() => {
      for (const part of document.querySelectorAll("main > section")) {
        part.hidden = !["summary", "latency"].includes(part.id);
      }
      for (const part of document.querySelectorAll("nav, .picker, #latency details")) part.hidden = true;
    });
    await page.screenshot({ path: target, fullPage: true });
  } else {
    mkdirSync(target, { recursive: true });
    for (const colorScheme of ["light", "dark"]) {
      const { page } = await open(browser, join(folder, "night.html"), { colorScheme });
      await drawAll(page);
      for (const part of await page.locator("main > section").all()) {
        await part.screenshot({ path: join(target, `${await part.getAttribute("id")}-${colorScheme}.png`) });
      }
    }
  }
} finally {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
}
