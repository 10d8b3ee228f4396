// The report of a sweep of 10,000 trials: how large it is, how long it takes to make, and when it can be used. Each figure
// beside its limit.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { makePages, open, startBrowser } from "./browser.mjs";

const LIMITS = { bytes: 5 * 1024 * 1024, seconds: 5, interactive: 1 };
const ROUNDS = 5;

for (const repetitions of [10, 1]) {
  test(`10,000 trials, ${repetitions} of each point`, async () => {
    const folder = mkdtempSync(join(tmpdir(), "crosscall-report-"));
    const browser = await startBrowser();
    try {
      const { seconds } = JSON.parse(makePages(folder, String(repetitions)));
      const file = join(folder, "big.html");
      const bytes = statSync(file).size;
      const times = [];
      for (let round = 0; round < ROUNDS; round++) {
        const { page, troubles, close } = await open(browser, file);
        // From the start of the navigation to all sections in place and their controls live.
        times.push((await page.evaluate(() => performance.getEntriesByName("crosscall-ready")[0].startTime)) / 1000);
        assert.deepEqual(troubles, []);
        await close();
      }
      const interactive = times.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)];
      console.log(
        `report of 10,000 trials, ${repetitions} of each point: ${bytes} bytes (limit ${LIMITS.bytes}), made and written in ${seconds.toFixed(2)} s (limit ${LIMITS.seconds}), interactive after ${interactive.toFixed(2)} s (median of ${ROUNDS}, limit ${LIMITS.interactive})`,
      );
      assert.ok(bytes < LIMITS.bytes);
      assert.ok(seconds < LIMITS.seconds);
      assert.ok(interactive < LIMITS.interactive);
    } finally {
      await browser.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
}
