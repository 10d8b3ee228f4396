// The committed dashboards pass the lint, and each fault that is planted into them is refused, by the rule that it breaks.

import assert from 'node:assert/strict';
import {test} from 'node:test';

import {Annotation, Dashboard, load, Override, Panel, queryText, Variable} from '../../dashboards/check/document.js';
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

type Plant = (dashboard: Dashboard) => void;

// Each changes the dashboard in one place, which it finds by name.
const inPanel = (title: string, change: (found: Panel) => void): Plant => (dashboard) => change(panel(dashboard, title));
const inVariable = (name: string, change: (found: Variable) => void): Plant => (dashboard) => change(variable(dashboard, name));
const inQuery = (title: string, from: string | RegExp, to: string): Plant => inPanel(title, (found) => replaceIn(found.targets![0], from, to));
const inOptions = (title: string, name: string, value: unknown): Plant => inPanel(title, (found) => (found.options![name] = value));
const inOverride = (title: string, change: (found: Override) => void): Plant => inPanel(title, (found) => change(found.fieldConfig!.overrides[0]!));
const inProperty = (title: string, change: (found: {id: string; value?: unknown}) => void): Plant => inOverride(title, (found) => change(found.properties[0]!));
const inAnnotation = (change: (found: Annotation) => void): Plant => (dashboard) => change(dashboard.annotations.list![0]!);
const inUnit = (title: string, unit: string): Plant => inPanel(title, (found) => (found.fieldConfig!.defaults.unit = unit));

const online = 'Boards online';
const attention = 'Boards that need attention';
const selector = (metric: string) => `${metric}{job=~"$job", instance=~"$instance"}`;

type Fault = readonly [name: string, plant: Plant, says: RegExp, uid?: string];

const BOARD = 'crosscall-board';
const CONTROLLER = 'crosscall-controller';
const HANGS = 'crosscall-hangs';

const options: Fault[] = [
  ['misspelt option', inOptions(online, 'graphMoed', 'none'), /no option is called "graphMoed"/],
  ['misspelt option of a field', inPanel('Hangs a day', (p) => Object.assign(p.fieldConfig!.defaults.custom!, {lineWdith: 1})), /"lineWdith"/],
  ['misspelt option of an override', inProperty('Latency by implementation', (p) => (p.id = 'custom.lineStlye')), /"lineStlye"/, BOARD],
  ['misspelt property of an override', inProperty(attention, (p) => (p.id = 'lniks')), /"lniks"/],
  ['unknown matcher', inOverride(attention, (o) => (o.matcher.id = 'byNmae')), /"byNmae"/],
  ['override of a query that is not there', inOverride('Process', (o) => (o.matcher.options = 'C')), /query C, which is not there/, CONTROLLER],
  ['unknown transformation', inPanel(attention, (p) => (p.transformations![0]!.id = 'joinByFeild')), /"joinByFeild"/],
  ['unknown option of a transformation', inPanel(attention, (p) => (p.transformations![0]!.options = {byFeild: 'board'})), /"byFeild"/],
  ['wrong enum', inOptions(online, 'colorMode', 'colour'), /"colour" is none of/],
  ['wrong enum of a query', inPanel(online, (p) => (p.targets![0]!.format = 'tabel')), /"tabel" is none of/],
  ['wrong type of an option', inOptions(online, 'wideLayout', 'yes'), /"yes" is no boolean/],
  ['missing option', inPanel(online, (p) => delete p.options!.orientation), /"orientation" is missing/],
  ['unknown kind of panel', inPanel(online, (p) => (p.type = 'stats')), /called "stats"/],
  ['editable', (d) => (d.editable = true), /is editable/],
  ['too new a schema', (d) => (d.schemaVersion = 43), /newer than older servers load/],
];

const expressions: Fault[] = [
  ['syntax', inQuery(online, /\)$/, ''), /syntax error/],
  ['syntax of an annotation', inAnnotation((a) => replaceIn(a, '* 1000', '* * 1000')), /annotation "Hangs": syntax error/],
  ['undefined variable', inQuery('Missing from last sweep', '$sweep', '$swepe'), /\$swepe is not defined/],
  ['raw counter', inQuery('Hangs a day', /increase\(.*\)/, `${selector('crosscall_board_hangs_total')})`), /shown as it is/, HANGS],
  ['rate of a gauge', inQuery('Agents connected', /^.*$/, `rate(${selector('crosscall_agents_connected')}[$__rate_interval])`), /is no counter/, CONTROLLER],
  ['fixed range in rate', inQuery('Store operations', '$__rate_interval', '5m'), /fixed range 5m/, CONTROLLER],
  ['selector without job', inQuery(online, 'job=~"$job", ', ''), /not narrowed by job=\$job/],
  ['selector without instance', inQuery(online, ', instance=~"$instance"', ''), /not narrowed by instance=\$instance/],
];

const unitsOfValues: Fault[] = [
  ['unit typo', inUnit(online, 'percentuint'), /no unit is called "percentuint"/],
  ['unit typo of an override', inProperty('Process', (p) => (p.value = 'byte')), /no unit is called "byte"/, CONTROLLER],
  ['wrong unit: seconds as a number', inUnit('Latency by implementation', 'short'), /unit "short" for values that are seconds/, BOARD],
  ['wrong unit: a number as seconds', inUnit(online, 's'), /unit "s" for values that are number/],
  ['wrong unit: bytes as seconds', inUnit('Store size and free space', 's'), /values that are bytes/, CONTROLLER],
  ['wrong unit: a rate as a number', inUnit('Store operations', 'short'), /values that are number a second/, CONTROLLER],
  ['wrong unit of a quantile', inUnit('Dispatch latency', 'short'), /values that are seconds/, CONTROLLER],
  ['wrong unit of a column', inPanel(attention, (p) => p.fieldConfig!.overrides[1]!.properties.pop()), /unit "dtdurations" for values that are number/],
  ['seconds and a count added', inQuery('Since last good sweep', 'last_success_timestamp_seconds', 'in_progress'), /adds or subtracts seconds and number/],
];

const layout: Fault[] = [
  ['overlap', inPanel('Hangs a day', (p) => (p.gridPos!.x -= 1)), /overlaps/],
  ['beyond the last column', inPanel('Hangs a day', (p) => (p.gridPos!.w += 1)), /24 columns/],
  ['two panels with one id', inPanel(online, (p) => (p.id = 2)), /two panels have the id 2/],
  ['panel without id', inPanel(online, (p) => delete p.id), /no id/],
  ['two panels with one title', inPanel(online, (p) => (p.title = 'Hangs a day')), /two panels have the title/],
  ['two queries of one name', inPanel(attention, (p) => (p.targets![1]!.refId = 'A')), /two queries of one name/],
  ['no question', inPanel(online, (p) => (p.description = 'Boards online.')), /asks no question/],
  ['no title', inPanel(online, (p) => (p.title = '')), /has no title/],
  ['no unit', inPanel(online, (p) => delete p.fieldConfig!.defaults.unit), /has no unit/],
  ['no query', inPanel(online, (p) => (p.targets = [])), /has no query/],
];

const fixed: Fault[] = [
  ['hard-coded data source of a panel', inPanel(online, (p) => (p.datasource!.uid = 'prometheus')), /not on the chosen data source/],
  ['hard-coded data source of a query', inPanel(online, (p) => (p.targets![0]!.datasource!.uid = 'prometheus')), /query A is not on the chosen data source/],
  ['hard-coded data source of a variable', inVariable('sweep', (v) => (v.datasource!.uid = 'prometheus')), /variable sweep: is not on/],
  ['hard-coded data source of an annotation', inAnnotation((a) => (a.datasource!.uid = 'prometheus')), /annotation "Hangs": is not on/],
  ['other name for the data source', inVariable('datasource', (v) => (v.label = 'Source')), /label "Data source"/],
];

const variables: Fault[] = [
  ['undefined variable of a link', inProperty(attention, (p) => (p.value = [{url: '/d/crosscall-board?${datasuorce:queryparam}'}])), /\$datasuorce is not/],
  ['undefined variable of a variable', inVariable('target_system', (v) => (v.query = queryText(v).replace('$scenario', '$scnario'))), /\$scnario is not/, BOARD],
  ['variable without instance', inVariable('sweep', (v) => (v.query = queryText(v).replace(', instance=~"$instance"', ''))), /variable sweep: .* instance/],
  ['variable that is no list of values', inVariable('sweep', (v) => (v.query = 'query_result(up)')), /is no label_values/],
  ['variable that is asked once', inVariable('sweep', (v) => (v.refresh = 1)), /refresh: 2/],
  ['variable that nothing uses', (d) => d.panels!.forEach((p) => p.targets!.forEach((t) => (t.expr = t.expr!.replaceAll('$sweep', 'nightly')))), /sweep: nothing uses it/],
  ['job that takes one value', inVariable('job', (v) => (v.multi = false)), /variable job: must take several/],
  ['other value for all', inVariable('instance', (v) => (v.allValue = '.*')), /variable instance: must take several/],
];

for (const [name, plant, says, uid] of [...options, ...expressions, ...unitsOfValues, ...layout, ...fixed, ...variables]) {
  test(`refuses: ${name}`, () => {
    const dashboard = named(uid ?? 'crosscall-overview');
    plant(dashboard);
    assert.match(lint(dashboard).join('\n'), says);
  });
}

test('refuses: a link to a dashboard that is not there', () => {
  const others = dashboards.filter((dashboard) => dashboard.uid !== 'crosscall-board');
  assert.match(lintTogether(others).join('\n'), /leads to crosscall-board/);
});

test('refuses: two dashboards of one uid', () => {
  assert.match(lintTogether([...dashboards, dashboards[0]!]).join('\n'), /two dashboards have the uid/);
});
