// The committed dashboards as the checks see them: classic JSON, of which only what is checked has a type here.

import * as fs from 'node:fs';

export interface Target {
  refId?: string;
  expr?: string;
  instant?: boolean;
  format?: string;
  interval?: string;
  legendFormat?: string;
  datasource?: {type?: string; uid?: string};
}

export interface Override {
  matcher: {id: string; options?: unknown};
  properties: {id: string; value?: unknown}[];
}

export interface Panel {
  id?: number;
  type: string;
  title?: string;
  description?: string;
  interval?: string;
  datasource?: {type?: string; uid?: string};
  gridPos?: {x: number; y: number; w: number; h: number};
  targets?: Target[];
  options?: Record<string, unknown>;
  transformations?: {id: string; options?: Record<string, unknown>}[];
  fieldConfig?: {defaults: {unit?: string; custom?: unknown}; overrides: Override[]};
}

export interface Variable {
  type: string;
  name: string;
  label?: string;
  query?: string | {query?: string};
  multi?: boolean;
  includeAll?: boolean;
  allValue?: string;
  refresh?: number;
  current?: {value?: string | string[]};
  datasource?: {type?: string; uid?: string};
}

export interface Annotation {
  name: string;
  expr?: string;
  datasource?: {type?: string; uid?: string};
}

export interface Dashboard {
  uid?: string;
  title?: string;
  editable?: boolean;
  schemaVersion: number;
  time?: {from: string; to: string};
  panels?: Panel[];
  templating: {list?: Variable[]};
  annotations: {list?: Annotation[]};
}

export function load(path: string): Dashboard {
  return JSON.parse(fs.readFileSync(path, 'utf8')) as Dashboard;
}

export function queryText(variable: Variable): string {
  return (typeof variable.query === 'string' ? variable.query : variable.query?.query) ?? '';
}

// What a query's values are called in a table of several: "Value #A", unless a transformation renames it.
function columnOf(panel: Panel, target: Target): string {
  const column = `Value #${target.refId}`;
  const renamed = (panel.transformations ?? []).map((each) => each.options?.renameByName as Record<string, string> | undefined);
  return renamed.reduce((name, names) => names?.[name] ?? name, column);
}

// The unit that a query's values are shown with: an override for the query or its column comes before the panel's own.
export function unitOf(panel: Panel, target: Target): string | undefined {
  const names: Readonly<Record<string, string | undefined>> = {byFrameRefID: target.refId, byName: columnOf(panel, target)};
  const override = (panel.fieldConfig?.overrides ?? []).find(({matcher, properties}) =>
    properties.some((property) => property.id === 'unit') && matcher.options !== undefined && matcher.options === names[matcher.id]);
  const unit = override?.properties.find((property) => property.id === 'unit')?.value;
  return typeof unit === 'string' ? unit : panel.fieldConfig?.defaults.unit;
}

const REFERENCE = /\$(\w+)|\$\{(\w+)(?:[.:][^}]*)?\}/g;

// Names of Grafana variables in a text: $name, ${name}, ${name:format}.
export function references(text: string): string[] {
  return [...text.matchAll(REFERENCE)].map((match) => (match[1] ?? match[2])!);
}

// Puts values in the places of variables; what has no value stays as it is.
export function substitute(text: string, values: ReadonlyMap<string, string>): string {
  return text.replace(REFERENCE, (whole, plain?: string, braced?: string) => values.get((plain ?? braced)!) ?? whole);
}
