// What a panel asks of Prometheus: selectors that obey the dashboard's variables, and queries made of them.

import * as prometheus from '@grafana/grafana-foundation-sdk/prometheus';
import {DataSourceRef} from '@grafana/grafana-foundation-sdk/common';

export const dataSource: DataSourceRef = {type: 'prometheus', uid: '${datasource}'};

// Names a metric's series of the chosen controllers; `matchers` narrow them further.
export type Selector = (metric: string, matchers?: string) => string;

function selectorWith(fixed: readonly string[]): Selector {
  return (metric, matchers) =>
    `${metric}{${['job=~"$job"', 'instance=~"$instance"', ...fixed, ...(matchers === undefined ? [] : [matchers])].join(', ')}}`;
}

export const of: Selector = selectorWith([]);

// Of one board.
export const ofBoard: Selector = selectorWith(['board=~"$board"']);

// Metrics that every target of a Prometheus has: "All" jobs would mean those of other people, too.
export const ofOurTargets: Selector = selectorWith(['job=~"crosscall-.+"']);

export const point = 'implementation=~"$implementation", scenario=~"$scenario", target_system=~"$target_system"';

export interface Query {
  readonly expr: string;
  readonly legend?: string;
  // Bars of a day and the like; the panel's own resolution if absent.
  readonly interval?: string;
  readonly heatmap?: true;
}

export function overTime(query: Query, refId: string): prometheus.DataqueryBuilder {
  const builder = new prometheus.DataqueryBuilder().datasource(dataSource).refId(refId).expr(query.expr).range();
  if (query.legend !== undefined) builder.legendFormat(query.legend);
  if (query.interval !== undefined) builder.interval(query.interval);
  if (query.heatmap) builder.format(prometheus.PromQueryFormat.Heatmap);
  return builder;
}

export function now(query: Query, refId: string): prometheus.DataqueryBuilder {
  const builder = new prometheus.DataqueryBuilder().datasource(dataSource).refId(refId).expr(query.expr).instant();
  if (query.legend !== undefined) builder.legendFormat(query.legend);
  return builder;
}

export function nowAsTable(query: Query, refId: string): prometheus.DataqueryBuilder {
  return now(query, refId).format(prometheus.PromQueryFormat.Table);
}

export function refId(index: number): string {
  return String.fromCharCode('A'.charCodeAt(0) + index);
}
