// The rules are sound, each alert has a unit test in which it fires and one in which it does not, and none of its numbers, delays,
// comparisons or matchers can be changed without a unit test that fails.

import assert from 'node:assert/strict';
import {execFile, execFileSync} from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import {after, test} from 'node:test';
import {promisify} from 'node:util';
import {parse, stringify} from 'yaml';

import {Mutant, mutants, Rule} from './mutants.js';
import {root, rulesFolder} from './tree.js';

interface Group {
  name: string;
  rules: Rule[];
}

interface UnitTest {
  name: string;
  alert_rule_test?: {alertname: string; eval_time: string; exp_alerts: unknown[]}[];
  promql_expr_test?: {expr: string}[];
}

interface UnitTests {
  rule_files: string[];
  group_eval_order: string[];
  tests: UnitTest[];
}

const ruleFiles = ['crosscall.rules.yml', 'crosscall.alerts.yml'].map((name) => path.join(rulesFolder, name));
const groups = ruleFiles.flatMap((file) => (parse(fs.readFileSync(file, 'utf8')) as {groups: Group[]}).groups);
const alerts = groups.flatMap((group) => group.rules).filter((rule) => rule.alert !== undefined);
const unitTestFolder = path.join(root, 'tests/dashboards/rules');
const unitTestFiles = fs.readdirSync(unitTestFolder).map((name) => path.join(unitTestFolder, name));
const unitTests = unitTestFiles.map((file) => parse(fs.readFileSync(file, 'utf8')) as UnitTests);

// It fires whatever happens, which is its purpose.
const ALWAYS_FIRES = 'Watchdog';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'crosscall-rules-'));
after(() => fs.rmSync(folder, {recursive: true}));

test('promtool finds nothing in the rules', () => {
  execFileSync('promtool', ['check', 'rules', '--lint=all', '--lint-fatal', ...ruleFiles]);
});

test('every unit test passes', () => {
  execFileSync('promtool', ['test', 'rules', ...unitTestFiles]);
});

test('each alert fires in one unit test and does not in another', () => {
  const checks = unitTests.flatMap((file) => file.tests).flatMap((each) => each.alert_rule_test ?? []);
  for (const {alert} of alerts) {
    const own = checks.filter((check) => check.alertname === alert);
    assert.ok(own.some((check) => check.exp_alerts.length > 0), `no unit test fires ${alert}`);
    if (alert !== ALWAYS_FIRES) assert.ok(own.some((check) => check.exp_alerts.length === 0), `no unit test keeps ${alert} quiet`);
  }
});

test('each alert says what it means and where to read what to do', () => {
  const manual = fs.readFileSync(path.join(root, 'dashboards/README.md'), 'utf8');
  const anchors = [...manual.matchAll(/^#+ (.+)$/gm)].map((heading) => heading[1]!.toLowerCase().replaceAll(' ', '-'));
  for (const {alert, labels, annotations} of alerts) {
    assert.ok(annotations?.summary && annotations.description, `${alert} has no summary or no description`);
    assert.ok(['critical', 'warning', 'info', 'none'].includes(labels?.severity ?? ''), `${alert} has no severity`);
    const [file, anchor] = annotations.runbook_url!.split('#');
    assert.equal(file, 'dashboards/README.md');
    assert.equal(anchor, alert!.toLowerCase());
    assert.ok(anchors.includes(anchor!), `dashboards/README.md has no part about ${alert}`);
  }
});

const run = promisify(execFile);

// Whether the unit tests of the rule pass with the rule as it is given.
async function passes(group: Group, rule: Rule, index: number, number: number): Promise<boolean> {
  const place = path.join(folder, String(number));
  fs.mkdirSync(place);
  const changed = groups.map((each) => (each === group ? {...each, rules: each.rules.map((old, at) => (at === index ? rule : old))} : each));
  // What is recorded, and of the alerts the one in question: the others would only cost time.
  const relevant = changed.map((each) => ({...each, rules: each.rules.filter((one) => one.record !== undefined || one.alert === rule.alert)}));
  fs.writeFileSync(path.join(place, 'rules.yml'), stringify({groups: relevant.filter((each) => each.rules.length > 0)}));
  const concerns = (each: UnitTest) =>
    rule.record !== undefined ? each.promql_expr_test !== undefined : (each.alert_rule_test ?? []).some((check) => check.alertname === rule.alert);
  const files = unitTests.map((file, at) => ({name: `${at}.yml`, file: {...file, rule_files: ['rules.yml'], tests: file.tests.filter(concerns)}}))
    .filter(({file}) => file.tests.length > 0);
  for (const {name, file} of files) fs.writeFileSync(path.join(place, name), stringify(file));
  try {
    await run('promtool', ['test', 'rules', ...files.map(({name}) => path.join(place, name))]);
    return true;
  } catch (error) {
    const {code, stdout, stderr} = error as {code: unknown; stdout: string; stderr: string};
    // It printed what it expected and what it got; of a rule that it cannot read it prints neither.
    assert.ok(code === 1 && /exp:/.test(stdout + stderr), `promtool did not judge ${JSON.stringify(rule)}: ${stdout}${stderr}`);
    return false;
  } finally {
    fs.rmSync(place, {recursive: true});
  }
}

interface Job {
  readonly group: Group;
  readonly index: number;
  readonly rule: Rule;
  readonly says: string;
}

function jobs(changes: (rule: Rule) => Mutant[]): Job[] {
  return groups.flatMap((group) => group.rules.flatMap((rule, index) => changes(rule).map((mutant) => ({...mutant, group, index}))));
}

// The jobs whose unit tests pass.
async function survivors(all: readonly Job[]): Promise<string[]> {
  const found: string[] = [];
  let next = 0;
  const work = async () => {
    for (let number = next++; number < all.length; number = next++) {
      const {group, rule, index, says} = all[number]!;
      if (await passes(group, rule, index, number)) found.push(`${rule.alert ?? rule.record}: ${says}`);
    }
  };
  await Promise.all(Array.from({length: os.cpus().length}, work));
  return found.sort();
}

test('a rule alone passes its unit tests as it is', async () => {
  const all = jobs((rule) => [{rule, says: 'as it is'}]);
  assert.equal((await survivors(all)).length, all.length);
});

test('no threshold, delay, comparison or matcher can change unnoticed', async () => {
  const all = jobs((rule) => (rule.alert === ALWAYS_FIRES ? [] : mutants(rule)));
  assert.ok(all.length > 100, `only ${all.length} changes were made`);
  assert.deepEqual(await survivors(all), []);
  console.log(`rules: ${alerts.length} alerts, ${all.length} changed rules, each caught by a unit test`);
});
