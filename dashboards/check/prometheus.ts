// What the checks ask of a Prometheus, by its HTTP interface.

export type Labels = Readonly<Record<string, string>>;

export interface Series {
  readonly labels: Labels;
  // Without NaN, which Grafana draws as nothing.
  readonly values: readonly number[];
}

export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface RuleState {
  readonly group: string;
  readonly name: string;
  readonly kind: 'alerting' | 'recording';
  readonly query: string;
  readonly error: string | undefined;
}

// An answer that says why it is none: syntax, or series that do not match.
export class Refused extends Error {}

interface Sample {
  readonly metric: Labels;
  readonly value?: readonly [number, string];
  readonly values?: readonly (readonly [number, string])[];
}

export class Prometheus {
  constructor(private readonly url: string) {}

  // Throws Refused with Prometheus's reason, and Error if there is no Prometheus.
  private async ask<Data>(path: string, parameters: Readonly<Record<string, string>>): Promise<Data> {
    const answer = await fetch(`${this.url}/api/v1/${path}?${new URLSearchParams(parameters)}`);
    const body = (await answer.json()) as {status: string; data: Data; error?: string};
    if (body.status !== 'success') throw new Refused(body.error ?? `HTTP ${answer.status}`);
    return body.data;
  }

  private static seriesOf(data: {resultType: string; result: unknown}): Series[] {
    const numbers = (pairs: readonly (readonly [number, string])[]) => pairs.map(([, text]) => Number(text)).filter((value) => !Number.isNaN(value));
    if (data.resultType === 'scalar') return [{labels: {}, values: numbers([data.result as [number, string]])}];
    const found = (data.result as Sample[]).map((each) => ({labels: each.metric, values: numbers(each.values ?? [each.value!])}));
    return found.filter((each) => each.values.length > 0);
  }

  async now(query: string, time: number): Promise<Series[]> {
    return Prometheus.seriesOf(await this.ask('query', {query, time: String(time)}));
  }

  // In steps that end with the span.
  async overTime(query: string, span: Span, step: number): Promise<Series[]> {
    const start = span.end - Math.floor((span.end - span.start) / step) * step;
    return Prometheus.seriesOf(await this.ask('query_range', {query, start: String(start), end: String(span.end), step: String(step)}));
  }

  async labelValues(selector: string, label: string, span: Span): Promise<string[]> {
    return this.ask(`label/${label}/values`, {'match[]': selector, 'start': String(span.start), 'end': String(span.end)});
  }

  async labelNames(selector: string, span: Span): Promise<string[]> {
    return this.ask('labels', {'match[]': selector, 'start': String(span.start), 'end': String(span.end)});
  }

  // Names of all families of which a target says a type, also of those that have no series now, and of all series that are stored.
  async metrics(span: Span): Promise<Set<string>> {
    const stored = await this.ask<string[]>('label/__name__/values', {start: String(span.start), end: String(span.end)});
    const described = await this.ask<Record<string, readonly {type: string}[]>>('metadata', {});
    const families = Object.entries(described).flatMap(([name, entries]) =>
      entries.some((entry) => entry.type === 'histogram') ? [`${name}_bucket`, `${name}_count`, `${name}_sum`] : [name]);
    return new Set([...stored, ...families]);
  }

  async rules(): Promise<RuleState[]> {
    interface Rule {name: string; type: 'alerting' | 'recording'; query: string; lastError?: string}
    const {groups} = await this.ask<{groups: {name: string; rules: Rule[]}[]}>('rules', {});
    return groups.flatMap((group) =>
      group.rules.map((rule) => ({group: group.name, name: rule.name, kind: rule.type, query: rule.query, error: rule.lastError || undefined})));
  }
}
