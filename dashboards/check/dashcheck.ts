// Runs every query of dashboards, and every rule that is loaded, on a live Prometheus. An error is a problem, no data is one unless it
// is listed as right, and so are metrics that nobody exports and labels that no series has: "or vector(0)" hides the former, grouping
// by the latter makes one series of all.

import {Dashboard, Panel, queryText, substitute, Target} from './document.js';
import {Expression, parse} from './promql.js';
import {Prometheus, Refused, RuleState, Series, Span} from './prometheus.js';

export interface RightlyEmpty {
  readonly dashboard?: string;
  readonly panel?: string;
  // One query of the panel; all of them if absent.
  readonly query?: string;
  readonly rule?: string;
  // A metric that a controller may not export at all, whatever asks for it.
  readonly metric?: string;
  readonly reason: string;
}

export interface Options {
  readonly end: number;
  // Instead of each dashboard's own.
  readonly rangeSeconds?: number;
  // Values for variables, instead of the first there is.
  readonly variables: ReadonlyMap<string, string>;
  readonly scrapeIntervalSeconds: number;
  readonly rightlyEmpty: readonly RightlyEmpty[];
}

export interface Report {
  panels: number;
  rules: number;
  expressions: number;
  withData: number;
  empty: {place: string; reason: string}[];
  problems: string[];
}

const UNITS: Readonly<Record<string, number>> = {s: 1, m: 60, h: 3600, d: 86400, w: 604800};
// What a panel is wide, more or less: Grafana asks for no more points than that.
const POINTS = 1000;

export function durationSeconds(text: string): number {
  const match = /^(\d+)([smhdw])$/.exec(text);
  if (!match) throw new Error(`"${text}" is no duration such as 6h or 14d`);
  return Number(match[1]) * UNITS[match[2]!]!;
}

// What is to be run: an expression, where it stands, and why it may have no data.
interface Task {
  readonly place: string;
  readonly text: string;
  readonly legend: string;
  readonly span: Span;
  readonly reason: string | undefined;
  readonly run: (text: string) => Promise<Series[]>;
}

// Entries that are about nothing would hide a panel that is renamed.
function stale(list: readonly RightlyEmpty[], dashboards: readonly Dashboard[], rules: readonly RuleState[]): string[] {
  const there = (each: RightlyEmpty): boolean => {
    if (each.metric !== undefined) return true;
    if (each.rule !== undefined) return rules.length === 0 || rules.some((rule) => rule.name === each.rule);
    const dashboard = dashboards.find((one) => one.uid === each.dashboard);
    if (!dashboard) return true;
    const queries = (dashboard.panels ?? []).filter((panel) => panel.title === each.panel).flatMap((panel) => panel.targets ?? []);
    return queries.some((target) => each.query === undefined || each.query === target.refId) ||
      (dashboard.annotations.list ?? []).some((annotation) => `annotation ${annotation.name}` === each.panel);
  };
  const nameOf = (each: RightlyEmpty) => each.rule ?? `${each.dashboard} "${each.panel}"`;
  return list.filter((each) => !there(each)).map((each) => `listed as rightly empty, but not there: ${nameOf(each)}`);
}

class Check {
  readonly report: Report = {panels: 0, rules: 0, expressions: 0, withData: 0, empty: [], problems: []};
  private readonly labels = new Map<string, ReadonlySet<string>>();

  constructor(private readonly prometheus: Prometheus, private readonly options: Options, private readonly metrics: ReadonlySet<string>,
              private readonly recorded: ReadonlySet<string>) {}

  private problem(place: string, text: string): void {
    this.report.problems.push(`${place}: ${text}`);
  }

  private spanOf(dashboard: Dashboard): Span {
    const from = /^now-(\w+)$/.exec(dashboard.time?.from ?? '')?.[1] ?? '6h';
    return {start: this.options.end - (this.options.rangeSeconds ?? durationSeconds(from)), end: this.options.end};
  }

  private async labelsOf(metric: string, span: Span): Promise<ReadonlySet<string>> {
    if (!this.labels.has(metric)) this.labels.set(metric, new Set(await this.prometheus.labelNames(metric, span)));
    return this.labels.get(metric)!;
  }

  private excuse(metric: string): string | undefined {
    return this.options.rightlyEmpty.find((each) => each.metric === metric)?.reason;
  }

  // Names in the expression that mean nothing to this Prometheus. Labels can be judged only where each metric has series.
  private async unknownNames(expression: Expression, span: Span, legend: string): Promise<string[]> {
    const found: string[] = [];
    const every = new Set<string>();
    let all = true;
    for (const selector of expression.selectors) {
      if (selector.metric === 'ALERTS') continue;
      if (!this.metrics.has(selector.metric) && !this.recorded.has(selector.metric)) {
        if (this.excuse(selector.metric) === undefined) found.push(`nobody exports ${selector.metric}`);
        all = false;
        continue;
      }
      const labels = await this.labelsOf(selector.metric, span);
      all &&= labels.size > 0;
      labels.forEach((label) => every.add(label));
      const missing = selector.matchers.filter((matcher) => labels.size > 0 && !labels.has(matcher.label));
      found.push(...missing.map((matcher) => `${selector.metric} has no label ${matcher.label}`));
    }
    if (!all) return found;
    const used = [...expression.groupings, ...[...legend.matchAll(/\{\{\s*(\w+)\s*\}\}/g)].map((match) => match[1]!)];
    return [...found, ...used.filter((label) => !every.has(label)).map((label) => `no metric of the expression has the label ${label}`)];
  }

  private async values(dashboard: Dashboard, span: Span): Promise<Map<string, string>> {
    const values = new Map<string, string>();
    for (const variable of dashboard.templating.list ?? []) {
      const place = `${dashboard.uid}, variable ${variable.name}`;
      const chosen = this.options.variables.get(variable.name);
      if (variable.type === 'custom') values.set(variable.name, chosen ?? String(variable.current?.value));
      const query = /^label_values\((.+),\s*(\w+)\)$/.exec(queryText(variable));
      if (!query) continue;
      this.report.expressions++;
      const selector = substitute(query[1]!, values);
      const found = await this.prometheus.labelValues(selector, query[2]!, span);
      if (found.length > 0) this.report.withData++;
      else this.problem(place, `has no values: ${query[2]} of ${selector}`);
      if (chosen !== undefined && !found.includes(chosen)) this.problem(place, `"${chosen}" is none of its values`);
      values.set(variable.name, chosen ?? (variable.includeAll ? variable.allValue ?? '.+' : found[0] ?? ''));
    }
    return values;
  }

  private async judge(task: Task): Promise<void> {
    this.report.expressions++;
    let found;
    try {
      found = await task.run(task.text);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.problem(task.place, `${error.message}: ${task.text}`);
      return;
    }
    const expression = parse(task.text);
    for (const unknown of await this.unknownNames(expression, task.span, task.legend)) this.problem(task.place, unknown);
    const notExported = expression.selectors.map(({metric}) => metric).filter((metric) => !this.metrics.has(metric));
    const reason = notExported.map((metric) => this.excuse(metric)).find((each) => each !== undefined) ?? task.reason;
    if (found.length > 0) this.report.withData++;
    else if (reason !== undefined) this.report.empty.push({place: task.place, reason});
    else this.problem(task.place, `no data: ${task.text}`);
  }

  private reasonFor(dashboard: Dashboard, title: string | undefined, query?: string): string | undefined {
    return this.options.rightlyEmpty.find((each) =>
      each.dashboard === dashboard.uid && each.panel === title && (each.query === undefined || each.query === query))?.reason;
  }

  async dashboard(dashboard: Dashboard): Promise<void> {
    const span = this.spanOf(dashboard);
    const range = span.end - span.start;
    const values = await this.values(dashboard, span);
    values.set('__range', `${range}s`).set('__range_s', String(range));
    for (const {name, expr} of dashboard.annotations.list ?? []) {
      await this.judge({
        place: `${dashboard.uid}, annotation ${name}`, text: substitute(expr ?? '', values), legend: '', span,
        reason: this.reasonFor(dashboard, `annotation ${name}`),
        run: (text) => this.prometheus.overTime(text, span, Math.ceil(range / POINTS)),
      });
    }
    for (const panel of dashboard.panels ?? []) {
      this.report.panels++;
      for (const target of panel.targets ?? []) await this.judge(this.taskOf(dashboard, panel, target, span, values));
    }
  }

  private taskOf(dashboard: Dashboard, panel: Panel, target: Target, span: Span, values: ReadonlyMap<string, string>): Task {
    const scrape = this.options.scrapeIntervalSeconds;
    const least = durationSeconds(target.interval ?? panel.interval ?? `${scrape}s`);
    const step = Math.max(Math.ceil((span.end - span.start) / POINTS), least);
    const intervals = [['__interval', `${step}s`], ['__rate_interval', `${Math.max(step + scrape, 4 * scrape)}s`]] as const;
    return {
      place: `${dashboard.uid} "${panel.title}" ${target.refId}`, text: substitute(target.expr ?? '', new Map([...values, ...intervals])),
      legend: target.legendFormat ?? '', span,
      reason: this.reasonFor(dashboard, panel.title, target.refId),
      run: (text) => (target.instant ? this.prometheus.now(text, span.end) : this.prometheus.overTime(text, span, step)),
    };
  }

  async rule(rule: RuleState): Promise<void> {
    this.report.rules++;
    const place = `rule ${rule.name}`;
    const span = {start: this.options.end - 3600, end: this.options.end};
    if (rule.error !== undefined) this.problem(place, rule.error);
    const run = rule.kind === 'recording' ? (text: string) => this.prometheus.now(text, span.end) : (text: string) => this.watched(text, span);
    await this.judge({
      place, text: rule.query, legend: '', span, run, reason: this.options.rightlyEmpty.find((each) => each.rule === rule.name)?.reason,
    });
  }

  // An alert is silent as long as all is well, so what it looks at must be there instead. Nothing if some of it is not.
  private async watched(text: string, span: Span): Promise<Series[]> {
    await this.prometheus.now(text, span.end);
    const looked = await Promise.all(parse(text).selectors.map((selector) => this.prometheus.overTime(`count(${selector.text})`, span, 60)));
    return looked.every((each) => each.length > 0) ? [{labels: {}, values: [1]}] : [];
  }
}

// Throws Error if there is no Prometheus at `url`.
export async function dashcheck(url: string, dashboards: readonly Dashboard[], options: Options): Promise<Report> {
  const prometheus = new Prometheus(url);
  const rules = (await prometheus.rules()).filter((rule) => rule.group.startsWith('crosscall.'));
  const metrics = await prometheus.metrics({start: options.end - 3600, end: options.end});
  const check = new Check(prometheus, options, metrics, new Set(rules.filter((rule) => rule.kind === 'recording').map((rule) => rule.name)));
  for (const dashboard of dashboards) await check.dashboard(dashboard);
  for (const rule of rules) await check.rule(rule);
  check.report.problems.push(...stale(options.rightlyEmpty, dashboards, rules));
  return check.report;
}
