// The committed dashboards pass the lint, and each fault that is planted into them is refused, by the rule that it breaks.

import assert from 'node:assert/strict';
import {test} from 'node:test';

import {Dashboard, load, Panel, Variable} from '../../dashboards/check/document.js';
import {lint, lintTogether} from '../../dashboards/check/lint.js';
import {dashboardFiles} from './tree.js';

const dashboards = dashboardFiles().map(load);

function named(uid: string): Dashboard {
  const found = dashboards.find((dashboard) => dashboard.uid === uid);
  assert.ok(found, `no dashboard ${uid}`);
  return structuredClone(found);
}

function panel(dashboard: Dashboard, title: string): Panel {
  const found = dashboard.panels!.find((each) => each.title === title);
  assert.ok(found, `${dashboard.uid} has no panel "${title}"`);
  return found;
}

function variable(dashboard: Dashboard, name: string): Variable {
  const found = dashboard.templating.list!.find((each) => each.name === name);
  assert.ok(found, `${dashboard.uid} has no variable ${name}`);
  return found;
}

function replaceIn(target: {expr?: string} | undefined, from: string | RegExp, to: string): void {
  const expr = target?.expr ?? '';
  assert.match(expr, typeof from === 'string' ? new RegExp(from.replace(/[$*()[\]]/g, '\\$&')) : from);
  target!.expr = expr.replace(from, () => to);
}

test('the five dashboards have no problem', () => {
  assert.equal(dashboards.length, 5);
  assert.deepEqual(dashboards.flatMap(lint), []);
  assert.deepEqual(lintTogether(dashboards), []);
});

interface Fault {
  readonly name: string;
  readonly uid?: string;
  readonly plant: (dashboard: Dashboard) => void;
  readonly says: RegExp;
}

const online = 'Boards online';
const faults: Fault[] = [
  {name: 'misspelt option', plant: (d) => (panel(d, online).options!.graphMoed = 'none'), says: /no option is called "graphMoed"/},
  {name: 'misspelt option of a field', plant: (d) => ((panel(d, 'Hangs a day').fieldConfig!.defaults.custom as Record<string, unknown>).lineWdith = 1), says: /"lineWdith"/},
  {name: 'misspelt option of an override', uid: 'crosscall-board', plant: (d) => (panel(d, 'Latency by implementation').fieldConfig!.overrides[0]!.properties[0]!.id = 'custom.lineStlye'), says: /"lineStlye"/},
  {name: 'misspelt property of an override', plant: (d) => (panel(d, 'Boards that need attention').fieldConfig!.overrides[0]!.properties[0]!.id = 'lniks'), says: /"lniks"/},
  {name: 'unknown matcher', plant: (d) => (panel(d, 'Boards that need attention').fieldConfig!.overrides[0]!.matcher.id = 'byNmae'), says: /"byNmae"/},
  {name: 'override of a query that is not there', uid: 'crosscall-controller', plant: (d) => (panel(d, 'Process').fieldConfig!.overrides[0]!.matcher.options = 'C'), says: /query C, which is not there/},
  {name: 'unknown transformation', plant: (d) => (panel(d, 'Boards that need attention').transformations![0]!.id = 'joinByFeild'), says: /"joinByFeild"/},
  {name: 'unknown option of a transformation', plant: (d) => (panel(d, 'Boards that need attention').transformations![0]!.options = {byFeild: 'board'}), says: /"byFeild"/},
  {name: 'wrong enum', plant: (d) => (panel(d, online).options!.colorMode = 'colour'), says: /"colour" is none of/},
  {name: 'wrong enum of a query', plant: (d) => (panel(d, online).targets![0]!.format = 'tabel'), says: /"tabel" is none of/},
  {name: 'wrong type of an option', plant: (d) => (panel(d, online).options!.wideLayout = 'yes'), says: /"yes" is no boolean/},
  {name: 'missing option', plant: (d) => delete panel(d, online).options!.orientation, says: /"orientation" is missing/},
  {name: 'unknown kind of panel', plant: (d) => (panel(d, online).type = 'stats'), says: /called "stats"/},
  {name: 'syntax', plant: (d) => replaceIn(panel(d, online).targets![0], /\)$/, ''), says: /syntax error/},
  {name: 'syntax of an annotation', plant: (d) => replaceIn(d.annotations.list![0], '* 1000', '* * 1000'), says: /annotation "Hangs": syntax error/},
  {name: 'undefined variable', plant: (d) => replaceIn(panel(d, 'Missing from last sweep').targets![0], '$sweep', '$swepe'), says: /\$swepe is not defined/},
  {name: 'undefined variable of a link', plant: (d) => (panel(d, 'Boards that need attention').fieldConfig!.overrides[0]!.properties[0]!.value = [{url: '/d/crosscall-board?${datasuorce:queryparam}'}]), says: /\$datasuorce is not defined/},
  {name: 'undefined variable of a variable', uid: 'crosscall-board', plant: (d) => (variable(d, 'target_system').query = {query: 'label_values(crosscall_regressed_boards{job=~"$job", instance=~"$instance", scenario=~"$scnario"}, target_system)'}), says: /\$scnario is not defined/},
  {name: 'variable that nothing uses', plant: (d) => d.panels!.forEach((each) => each.targets!.forEach((target) => (target.expr = target.expr!.replace('sweep=~"$sweep"', 'sweep="nightly"')))), says: /variable sweep: nothing uses it/},
  {name: 'overlap', plant: (d) => (panel(d, 'Hangs a day').gridPos!.x -= 1), says: /overlaps/},
  {name: 'beyond the last column', plant: (d) => (panel(d, 'Hangs a day').gridPos!.w += 1), says: /24 columns/},
  {name: 'two panels with one id', plant: (d) => (panel(d, online).id = 2), says: /two panels have the id 2/},
  {name: 'panel without id', plant: (d) => delete panel(d, online).id, says: /no id/},
  {name: 'two panels with one title', plant: (d) => (panel(d, online).title = 'Hangs a day'), says: /two panels have the title/},
  {name: 'two queries of one name', plant: (d) => (panel(d, 'Boards that need attention').targets![1]!.refId = 'A'), says: /two queries of one name/},
  {name: 'unit typo', plant: (d) => (panel(d, online).fieldConfig!.defaults.unit = 'percentuint'), says: /no unit is called "percentuint"/},
  {name: 'unit typo of an override', uid: 'crosscall-controller', plant: (d) => (panel(d, 'Process').fieldConfig!.overrides[0]!.properties[0]!.value = 'byte'), says: /no unit is called "byte"/},
  {name: 'wrong unit: seconds as a number', uid: 'crosscall-board', plant: (d) => (panel(d, 'Latency by implementation').fieldConfig!.defaults.unit = 'short'), says: /unit "short" for values that are seconds/},
  {name: 'wrong unit: a number as seconds', plant: (d) => (panel(d, online).fieldConfig!.defaults.unit = 's'), says: /unit "s" for values that are number/},
  {name: 'wrong unit: bytes as seconds', uid: 'crosscall-controller', plant: (d) => (panel(d, 'Store size and free space').fieldConfig!.defaults.unit = 's'), says: /values that are bytes/},
  {name: 'wrong unit: a rate as a number', uid: 'crosscall-controller', plant: (d) => (panel(d, 'Store operations').fieldConfig!.defaults.unit = 'short'), says: /values that are number a second/},
  {name: 'wrong unit of a quantile', uid: 'crosscall-controller', plant: (d) => (panel(d, 'Dispatch latency').fieldConfig!.defaults.unit = 'short'), says: /values that are seconds/},
  {name: 'seconds and a count added', plant: (d) => replaceIn(panel(d, 'Since last good sweep').targets![0], 'crosscall_sweep_last_success_timestamp_seconds', 'crosscall_sweep_in_progress'), says: /adds or subtracts seconds and number/},
  {name: 'raw counter', uid: 'crosscall-hangs', plant: (d) => replaceIn(panel(d, 'Hangs a day').targets![0], /increase\(.*\)/, 'crosscall_board_hangs_total{job=~"$job", instance=~"$instance"})'), says: /shown as it is/},
  {name: 'rate of a gauge', uid: 'crosscall-controller', plant: (d) => replaceIn(panel(d, 'Agents connected').targets![0], /^.*$/, 'rate(crosscall_agents_connected{job=~"$job", instance=~"$instance"}[$__rate_interval])'), says: /which is no counter/},
  {name: 'fixed range in rate', uid: 'crosscall-controller', plant: (d) => replaceIn(panel(d, 'Store operations').targets![0], '$__rate_interval', '5m'), says: /fixed range 5m/},
  {name: 'hard-coded data source of a panel', plant: (d) => (panel(d, online).datasource!.uid = 'PBFA97CFB590B2093'), says: /not on the chosen data source/},
  {name: 'hard-coded data source of a query', plant: (d) => (panel(d, online).targets![0]!.datasource!.uid = 'prometheus'), says: /query A is not on the chosen data source/},
  {name: 'hard-coded data source of a variable', plant: (d) => (variable(d, 'sweep').datasource!.uid = 'prometheus'), says: /variable sweep: is not on/},
  {name: 'hard-coded data source of an annotation', plant: (d) => (d.annotations.list![0]!.datasource!.uid = 'prometheus'), says: /annotation "Hangs": is not on/},
  {name: 'selector without job', plant: (d) => replaceIn(panel(d, online).targets![0], 'job=~"$job", ', ''), says: /not narrowed by job=\$job/},
  {name: 'selector without instance', plant: (d) => replaceIn(panel(d, online).targets![0], ', instance=~"$instance"', ''), says: /not narrowed by instance=\$instance/},
  {name: 'variable without instance', plant: (d) => (variable(d, 'sweep').query = {query: 'label_values(crosscall_sweep_period_seconds{job=~"$job"}, sweep)'}), says: /variable sweep: .* instance/},
  {name: 'job that takes one value', plant: (d) => (variable(d, 'job').multi = false), says: /variable job: must take several/},
  {name: 'other value for all', plant: (d) => (variable(d, 'instance').allValue = '.*'), says: /variable instance: must take several/},
  {name: 'variable that is asked once', plant: (d) => (variable(d, 'sweep').refresh = 1), says: /refresh: 2/},
  {name: 'other name for the data source', plant: (d) => (variable(d, 'datasource').label = 'Source'), says: /label "Data source"/},
  {name: 'no question', plant: (d) => (panel(d, online).description = 'Boards online.'), says: /asks no question/},
  {name: 'no title', plant: (d) => (panel(d, online).title = ''), says: /has no title/},
  {name: 'no unit', plant: (d) => delete panel(d, online).fieldConfig!.defaults.unit, says: /has no unit/},
  {name: 'no query', plant: (d) => (panel(d, online).targets = []), says: /has no query/},
  {name: 'editable', plant: (d) => (d.editable = true), says: /is editable/},
  {name: 'too new a schema', plant: (d) => (d.schemaVersion = 43), says: /newer than older servers load/},
];

for (const fault of faults) {
  test(`refuses: ${fault.name}`, () => {
    const dashboard = named(fault.uid ?? 'crosscall-overview');
    fault.plant(dashboard);
    assert.match(lint(dashboard).join('\n'), fault.says);
  });
}

test('refuses: a link to a dashboard that is not there', () => {
  const others = dashboards.filter((dashboard) => dashboard.uid !== 'crosscall-board');
  assert.match(lintTogether(others).join('\n'), /leads to crosscall-board/);
});

test('refuses: two dashboards of one uid', () => {
  assert.match(lintTogether([...dashboards, dashboards[0]!]).join('\n'), /two dashboards have the uid/);
});
