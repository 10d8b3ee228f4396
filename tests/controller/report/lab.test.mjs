// The real thing: a controller, an agent on this machine, a sweep of theirs; its report from crosscallctl, and the same
// pages from the controller.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { drawAll, open, startBrowser } from "./browser.mjs";

const bin = process.env.CROSSCALL_BIN;
const folder = mkdtempSync(join(tmpdir(), "crosscall-lab-"));
const processes = [];
let browser;
let endpoints;

async function until(what, condition) {
  // Looks again until it is so; ctest ends a test that takes too long.
  for (;;) {
    const ended = processes.find((each) => each.exitCode !== null);
    if (ended) throw new Error(`${what}: ${ended.spawnargs.join(" ")} ended with ${ended.exitCode}`);
    const value = condition();
    if (value) return value;
    await pause(50);
  }
}

function start(program, ...more) {
  const child = spawn(join(bin, program), more, { stdio: "ignore" });
  processes.push(child);
  return child;
}

async function startController(name, ...more) {
  const file = join(folder, `${name}.json`);
  start(
    "crosscall-controller",
    "--state-dir",
    join(folder, name),
    "--listen",
    "127.0.0.1:0",
    "--metrics-listen",
    "127.0.0.1:0",
    "--endpoints-file",
    file,
    "--no-health-trials",
    ...more,
  );
  await until(name, () => existsSync(file));
  return JSON.parse(readFileSync(file, "utf8"));
}

const ctl = (...more) =>
  execFileSync(join(bin, "crosscallctl"), ["--controller", endpoints.grpc, ...more], {
    encoding: "utf8",
    stdio: "pipe",
  });

before(async () => {
  endpoints = await startController("lab", "--insecure");
  start("crosscall-agent", "--controller", endpoints.grpc, "--board", "here", "--state-dir", join(folder, "agent"));
  await until("board", () => ctl("boards", "list", "--csv").includes("here,active,true"));
  for (const id of ["first", "second"]) {
    // The hang ends its sweep with exit code 1 or the like, which is what was asked for.
    try {
      ctl(
        "sweep",
        "run",
        "--id",
        id,
        "--scenario",
        "ping-pong",
        "--scenario",
        "mutual-masked",
        "--implementation",
        "generic_2008/spin/mask_all",
        "--implementation",
        "per_target/poll_completion/mask_all",
        "--calls",
        "2000",
        "--deadline",
        "500ms",
        "--repetitions",
        "1",
        "--oversubscribe",
        "--wait",
      );
    } catch (error) {
      if (!String(error.stdout).includes("hung")) throw new Error(`${error.message}\n${error.stdout}\n${error.stderr}`);
    }
  }
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  for (const child of processes.reverse()) {
    if (child.exitCode !== null) continue;
    child.kill("SIGTERM");
    await once(child, "exit");
  }
  rmSync(folder, { recursive: true, force: true });
});

test("crosscallctl report writes a page that shows the sweep and its hang", async () => {
  const file = join(folder, "report.html");
  ctl("report", "second", "-o", file, "--baseline", "first");
  const { page, troubles, close } = await open(browser, file);
  assert.ok((await drawAll(page)) >= 1);
  assert.equal(await page.title(), "Sweep second - crosscall");
  assert.ok((await page.locator("#hangs").textContent()).includes("masked target"));
  assert.ok((await page.locator("#results").textContent()).includes("per_target/poll_completion/mask_all"));
  assert.ok((await page.locator("#environment").textContent()).includes("kernel"));
  assert.deepEqual(troubles, []);
  await close();
});

test("the controller shows its boards and sweeps, and leads to the same report", async () => {
  const { page, troubles, close } = await open(browser, `http://${endpoints.metrics}/`);
  assert.ok((await page.locator("#boards").textContent()).includes("here"));
  await page.locator("#sweeps").getByRole("link", { name: "second" }).click();
  await page.waitForSelector("html[data-ready=yes]");
  assert.equal(await page.title(), "Sweep second - crosscall");
  await page.getByRole("link", { name: "All sweeps" }).click();
  await page.waitForSelector("#boards");
  await page.goto(`http://${endpoints.metrics}/sweeps/second?baseline=first`);
  await page.waitForSelector("html[data-ready=yes]");
  assert.ok((await page.locator("#comparison").textContent()).includes("first"));
  assert.deepEqual(troubles, []);
  await close();
});

test("what is not there, or not said right, is answered so", async () => {
  for (const [path, status, words] of [
    ["/sweeps/nobody", 404, "nobody"],
    ["/sweeps/first?baseline=..", 400, "the form is"],
    ["/sweeps/first?baseline=first", 400, "itself"],
    ["/sweeps/first?baseline=nobody", 404, "nobody"],
    ["/sweeps/FIRST", 404, "nothing here"],
    ["/boards", 404, "nothing here"],
  ]) {
    const response = await fetch(`http://${endpoints.metrics}${path}`);
    assert.equal(response.status, status, path);
    assert.ok((await response.text()).includes(words), path);
  }
  const answer = await fetch(`http://${endpoints.metrics}/`, { method: "POST", body: "x" });
  assert.equal(answer.status, 404, "read only");
});

test("with certificates the pages need a password or a certificate of their reader", async () => {
  const state = join(folder, "locked");
  execFileSync(join(bin, "crosscall-controller"), [
    "init",
    "--state-dir",
    state,
    "--lab",
    "locked",
    "--host",
    "localhost",
    "--out",
    join(folder, "admin"),
  ]);
  const unguarded = await startController("locked");
  const closed = await fetch(`http://${unguarded.metrics}/`);
  assert.equal(closed.status, 403);
  assert.ok((await closed.text()).includes("--metrics-password-file"));
  assert.equal((await fetch(`http://${unguarded.metrics}/sweeps/x`)).status, 403);
  assert.equal((await fetch(`http://${unguarded.metrics}/metrics`)).status, 200);
  const child = processes.pop();
  child.kill("SIGTERM");
  await once(child, "exit");

  const passwords = join(folder, "passwords");
  // "viewer" with the password "looking".
  writeFileSync(passwords, "viewer:$2b$04$abcdefghijklmnopqrstuu3Sn3gS.tdCYRNf20dOPdlmDxvCmPAjK\n", { mode: 0o600 });
  rmSync(join(folder, "locked.json"), { force: true });
  const guarded = await startController("locked", "--metrics-password-file", passwords);
  assert.equal((await fetch(`http://${guarded.metrics}/`)).status, 401);
  const headers = { Authorization: `Basic ${Buffer.from("viewer:looking").toString("base64")}` };
  const opened = await fetch(`http://${guarded.metrics}/`, { headers });
  assert.equal(opened.status, 200);
  assert.equal(opened.headers.get("cache-control"), "no-store");
});
