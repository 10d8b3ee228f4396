// Rules for dashboards, most of them those of Grafana's own linter. Pure: documents in, problems out.

import * as units from '@grafana/grafana-foundation-sdk/units';

import {Dashboard, Panel, queryText, references, substitute, Target, unitOf, Variable} from './document.js';
import {dimensionOf, fits, MixedDimensions} from './dimension.js';
import {Expression, parse, Selector, SyntaxProblem} from './promql.js';
import {Schema} from './schema.js';

const COLUMNS = 24;
const NEWEST_CLASSIC_SCHEMA = 42;
const DATA_SOURCE = '${datasource}';

// Modules of the SDK, by what a panel's `type` says.
const PANEL_MODULES: Readonly<Record<string, string>> = {
  'bargauge': 'bargauge', 'heatmap': 'heatmap', 'stat': 'stat', 'state-timeline': 'statetimeline', 'table': 'table', 'timeseries': 'timeseries',
};

// What the SDK leaves untyped, with what the dashboards use of it.
const TRANSFORMATIONS: Readonly<Record<string, readonly string[]>> = {
  groupingToMatrix: ['columnField', 'rowField', 'valueField', 'emptyValue'],
  joinByField: ['byField', 'mode'],
  organize: ['excludeByName', 'renameByName', 'indexByName', 'includeByName'],
};
const MATCHERS = ['byName', 'byFrameRefID', 'byRegexp', 'byType'];
const PROPERTIES = ['unit', 'links', 'mappings', 'color', 'decimals', 'noValue', 'displayName', 'thresholds', 'min', 'max'];

// Stand-ins for Grafana's own variables, so that expressions can be parsed; the one for rates is found again by its value.
const RATE_INTERVAL = '61s';
const BUILT_IN: ReadonlyMap<string, string> = new Map([
  ['__rate_interval', RATE_INTERVAL], ['__interval', '60s'], ['__range', '3600s'], ['__range_s', '3600'],
]);
const LINK_VARIABLES = ['__value', '__url_time_range', '__field', '__data'];

let schema: Schema | undefined;
function sdk(): Schema {
  return (schema ??= new Schema(['dashboard', 'prometheus', ...new Set(Object.values(PANEL_MODULES))]));
}

function lintTypes(dashboard: Dashboard): string[] {
  const {panels, ...rest} = dashboard;
  const found = sdk().problems(rest, 'dashboard', 'Dashboard', 'dashboard');
  for (const panel of panels ?? []) {
    const place = `panel "${panel.title}"`;
    const module = PANEL_MODULES[panel.type];
    if (module === undefined) {
      found.push(`${place}: no kind of panel is called "${panel.type}" here`);
      continue;
    }
    const {targets, ...shell} = panel;
    found.push(...sdk().problems(shell, 'dashboard', 'Panel', place));
    found.push(...sdk().problems(panel.options, module, 'Options', `${place} options`));
    const custom = panel.fieldConfig?.defaults.custom;
    if (custom !== undefined) found.push(...sdk().problems(custom, module, 'FieldConfig', `${place} fields`));
    for (const target of targets ?? []) found.push(...sdk().problems(target, 'prometheus', 'Dataquery', `${place} query ${target.refId}`));
  }
  return found;
}

function lintUntyped(panel: Panel): string[] {
  const found: string[] = [];
  for (const {id, options} of panel.transformations ?? []) {
    const known = TRANSFORMATIONS[id];
    if (!known) found.push(`no transformation is called "${id}" here`);
    for (const option of Object.keys(options ?? {})) {
      if (known && !known.includes(option)) found.push(`transformation ${id} has no option "${option}"`);
    }
  }
  const module = PANEL_MODULES[panel.type];
  for (const {matcher, properties} of panel.fieldConfig?.overrides ?? []) {
    if (!MATCHERS.includes(matcher.id)) found.push(`no matcher is called "${matcher.id}" here`);
    if (matcher.id === 'byFrameRefID' && !panel.targets?.some((target) => target.refId === matcher.options)) {
      found.push(`an override is for query ${String(matcher.options)}, which is not there`);
    }
    for (const {id, value} of properties) {
      if (id.startsWith('custom.') && module) {
        // An override names some options of a field, never all that there must be.
        const all = sdk().problems({[id.slice('custom.'.length)]: value}, module, 'FieldConfig', 'override');
        found.push(...all.filter((each) => !each.endsWith('is missing')));
      } else if (!PROPERTIES.includes(id)) {
        found.push(`an override sets "${id}", which no field has`);
      }
    }
  }
  return found;
}

function lintNarrowing(selector: Selector): string[] {
  const labels = selector.matchers.map((matcher) => `${matcher.label}=${matcher.value}`);
  if (selector.metric === 'ALERTS') return [];
  return ['job=$job', 'instance=$instance'].filter((each) => !labels.includes(each)).map((each) => `${selector.metric} is not narrowed by ${each}`);
}

function lintCounting(selector: Selector): string[] {
  const found: string[] = [];
  const counter = /_(total|bucket|count|sum)$/.test(selector.metric);
  const changes = ['rate', 'irate', 'increase'].includes(selector.callee ?? '');
  if (selector.metric.endsWith('_total') && !changes) found.push(`counter ${selector.metric} is shown as it is; wrap it in rate or increase`);
  if (changes && !counter) found.push(`${selector.callee} of ${selector.metric}, which is no counter`);
  if ((selector.callee === 'rate' || selector.callee === 'irate') && selector.range !== RATE_INTERVAL) {
    found.push(`${selector.callee} over a fixed range ${selector.range}; use $__rate_interval`);
  }
  return found;
}

function parsed(text: string, look: (expression: Expression) => string[]): string[] {
  try {
    return look(parse(substitute(text, BUILT_IN)));
  } catch (error) {
    if (error instanceof SyntaxProblem) return [`${error.message} in ${text}`];
    throw error;
  }
}

function lintExpression(text: string, unit?: string): string[] {
  return parsed(text, (expression) => {
    const found = expression.selectors.flatMap((selector) => [...lintNarrowing(selector), ...lintCounting(selector)]);
    try {
      const dimension = dimensionOf(expression);
      if (unit !== undefined && !fits(dimension, unit)) found.push(`unit "${unit}" for values that are ${dimension}: ${text}`);
    } catch (error) {
      if (!(error instanceof MixedDimensions)) throw error;
      found.push(error.message);
    }
    return found;
  });
}

function undefinedIn(text: string, known: readonly string[]): string[] {
  return references(text).filter((name) => !known.includes(name)).map((name) => `variable $${name} is not defined`);
}

function lintTarget(panel: Panel, target: Target, variables: readonly string[]): string[] {
  const found: string[] = [];
  if (target.datasource?.uid !== DATA_SOURCE) found.push(`query ${target.refId} is not on the chosen data source`);
  if (!target.expr) return [...found, `query ${target.refId} has no expression`];
  found.push(...undefinedIn(target.expr, [...variables, ...BUILT_IN.keys()]));
  found.push(...lintExpression(target.expr, unitOf(panel, target)));
  return found;
}

function lintPanel(panel: Panel, variables: readonly string[]): string[] {
  const found = lintUntyped(panel);
  const unit = panel.fieldConfig?.defaults.unit;
  const targets = panel.targets ?? [];
  if (!panel.title) found.push('has no title');
  if (!panel.description?.includes('?')) found.push('its description asks no question');
  if (!unit) found.push('has no unit');
  for (const each of [unit, ...targets.map((target) => unitOf(panel, target))]) {
    if (each && !(Object.values(units) as string[]).includes(each)) found.push(`no unit is called "${each}"`);
  }
  if (panel.datasource?.uid !== DATA_SOURCE) found.push('is not on the chosen data source');
  if (targets.length === 0) found.push('has no query');
  if (new Set(targets.map((target) => target.refId)).size !== targets.length) found.push('has two queries of one name');
  for (const target of targets) found.push(...lintTarget(panel, target, variables));
  found.push(...undefinedIn(JSON.stringify([panel.title, panel.fieldConfig]), [...variables, ...LINK_VARIABLES]));
  return found.map((problem) => `panel "${panel.title}": ${problem}`);
}

function lintLayout(panels: readonly Panel[]): string[] {
  const found: string[] = [];
  const twice = (values: readonly unknown[]) => [...new Set(values.filter((value, index) => values.indexOf(value) !== index))];
  if (panels.some((panel) => panel.id === undefined)) found.push('a panel has no id');
  for (const id of twice(panels.map((panel) => panel.id))) found.push(`two panels have the id ${id}`);
  for (const title of twice(panels.map((panel) => panel.title))) found.push(`two panels have the title ${title}`);
  const covered = new Map<string, Panel>();
  for (const panel of panels) {
    const grid = panel.gridPos;
    if (!grid || grid.w < 1 || grid.h < 1 || grid.x < 0 || grid.y < 0 || grid.x + grid.w > COLUMNS) {
      found.push(`panel "${panel.title}": does not lie within ${COLUMNS} columns`);
      continue;
    }
    const under = new Set<Panel>();
    for (let x = grid.x; x < grid.x + grid.w; x++) {
      for (let y = grid.y; y < grid.y + grid.h; y++) {
        const other = covered.get(`${x},${y}`);
        if (other) under.add(other);
        covered.set(`${x},${y}`, panel);
      }
    }
    for (const other of under) found.push(`panel "${panel.title}": overlaps "${other.title}"`);
  }
  return found;
}

function lintVariable(variable: Variable, before: readonly string[]): string[] {
  const found: string[] = [];
  if (variable.name === 'job' || variable.name === 'instance') {
    if (!variable.multi || !variable.includeAll || variable.allValue !== '.+') found.push('must take several values, and .+ for all');
  }
  if (variable.type === 'query') {
    if (variable.refresh !== 2) found.push('must be asked again when the time changes (refresh: 2)');
    if (variable.datasource?.uid !== DATA_SOURCE) found.push('is not on the chosen data source');
    const query = /^label_values\((.+),\s*(\w+)\)$/.exec(queryText(variable));
    if (!query) found.push(`is no label_values(SELECTOR, LABEL): ${queryText(variable)}`);
    // The first two choose what all others are narrowed by.
    else if (before.includes('instance')) found.push(...parsed(query[1]!, (expression) => expression.selectors.flatMap(lintNarrowing)));
    found.push(...undefinedIn(queryText(variable), before));
  }
  return found.map((problem) => `variable ${variable.name}: ${problem}`);
}

function lintVariables(dashboard: Dashboard): string[] {
  const variables = dashboard.templating.list ?? [];
  const names = variables.map((variable) => variable.name);
  const found = variables.flatMap((variable, index) => lintVariable(variable, names.slice(0, index)));
  const source = variables.find((variable) => variable.name === 'datasource');
  if (source?.type !== 'datasource' || source.label !== 'Data source') found.push('has no variable "datasource" with the label "Data source"');
  for (const needed of ['job', 'instance']) {
    if (!names.includes(needed)) found.push(`has no variable "${needed}"`);
  }
  const used = new Set(references(JSON.stringify([dashboard.panels, dashboard.annotations, variables.map(queryText)])));
  for (const name of names) if (!used.has(name)) found.push(`variable ${name}: nothing uses it`);
  return found;
}

function lintAnnotations(dashboard: Dashboard): string[] {
  const names = (dashboard.templating.list ?? []).map((variable) => variable.name);
  return (dashboard.annotations.list ?? []).flatMap((annotation) => {
    const found = [...undefinedIn(annotation.expr ?? '', names), ...lintExpression(annotation.expr ?? '')];
    if (annotation.datasource?.uid !== DATA_SOURCE) found.push('is not on the chosen data source');
    return found.map((problem) => `annotation "${annotation.name}": ${problem}`);
  });
}

export function lint(dashboard: Dashboard): string[] {
  const panels = dashboard.panels ?? [];
  const names = (dashboard.templating.list ?? []).map((variable) => variable.name);
  const found = [...lintTypes(dashboard), ...lintVariables(dashboard), ...lintAnnotations(dashboard), ...lintLayout(panels),
                 ...panels.flatMap((panel) => lintPanel(panel, names))];
  if (dashboard.editable !== false) found.push('is editable, though it comes from a file');
  if (dashboard.schemaVersion > NEWEST_CLASSIC_SCHEMA) found.push(`schemaVersion ${dashboard.schemaVersion} is newer than older servers load`);
  return found;
}

// What holds between dashboards: identifiers differ, and links lead to one of them.
export function lintTogether(dashboards: readonly Dashboard[]): string[] {
  const uids = dashboards.map((dashboard) => dashboard.uid);
  const found = uids.filter((uid, index) => uids.indexOf(uid) !== index).map((uid) => `two dashboards have the uid ${uid}`);
  for (const dashboard of dashboards) {
    for (const [, uid] of JSON.stringify(dashboard).matchAll(/"\/d\/([\w-]+)/g)) {
      if (!uids.includes(uid)) found.push(`${dashboard.uid}: a link leads to ${uid}, which is not there`);
    }
  }
  return found;
}
