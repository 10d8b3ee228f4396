// The committed page is what its source makes, and the source is typed and formatted as it should be.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const source = fileURLToPath(new URL("../../../controller/report/page/", import.meta.url));
const run = (command, ...more) => execFileSync(command, more, { cwd: source, encoding: "utf8", stdio: "pipe" });

test("building again changes nothing", () => {
  const folder = mkdtempSync(join(tmpdir(), "crosscall-page-"));
  try {
    const built = join(folder, "page.html");
    run("node", "build.mjs", built);
    // Not compared by the assertion: it would print both.
    assert.ok(
      readFileSync(built, "utf8") === readFileSync(join(source, "page.html"), "utf8"),
      "controller/report/page/page.html is not what its source makes: node build.mjs there, and commit it",
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("the types hold", () => {
  run("node", "node_modules/typescript/bin/tsc", "--noEmit");
});

test("the format is prettier's", () => {
  run("node", "node_modules/prettier/bin/prettier.cjs", "--check", "src", "build.mjs");
});
