// A dashboard: variables, annotations and links that all share, and rows of panels that fill the 24 columns from the left.

import * as cog from '@grafana/grafana-foundation-sdk/cog';
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';

import {colour} from './look.js';
import {dataSource, of} from './query.js';

export interface Row {
  readonly height: number;
  readonly panels: readonly (readonly [width: number, panel: cog.Builder<dashboard.Panel>])[];
}

export interface Page {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly from: string;
  readonly refresh: string;
  readonly variables: readonly cog.Builder<dashboard.VariableModel>[];
  readonly annotations: readonly cog.Builder<dashboard.AnnotationQuery>[];
  readonly rows: readonly Row[];
}

const everything: dashboard.VariableOption = {selected: true, text: ['All'], value: ['$__all']};

// A choice of values of a label, all of them at first.
export function several(name: string, label: string, query: string): dashboard.QueryVariableBuilder {
  return one(name, label, query).multi(true).includeAll(true).allValue('.+').current(everything);
}

// One value at a time.
export function one(name: string, label: string, query: string): dashboard.QueryVariableBuilder {
  return new dashboard.QueryVariableBuilder(name)
    .label(label)
    .datasource(dataSource)
    .query({query, refId: name})
    .definition(query)
    .refresh(dashboard.VariableRefresh.OnTimeRangeChanged)
    .sort(dashboard.VariableSort.NaturalAsc);
}

function shared(): cog.Builder<dashboard.VariableModel>[] {
  return [
    new dashboard.DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'),
    several('job', 'Job', 'label_values(up{job=~"crosscall-.+"}, job)'),
    several('instance', 'Controller', 'label_values(up{job=~"$job", job=~"crosscall-.+"}, instance)'),
  ];
}

// What is measured, as `metric` has it: one scenario and target system at a time, so that no panel mixes latencies that cannot be compared.
export function points(metric: string): readonly cog.Builder<dashboard.VariableModel>[] {
  return [
    one('scenario', 'Scenario', `label_values(${of(metric)}, scenario)`),
    one('target_system', 'Target system', `label_values(${of(metric, 'scenario=~"$scenario"')}, target_system)`),
    several('implementation', 'Implementation', `label_values(${of(metric)}, implementation)`),
  ];
}

// Each hang at its true time: Grafana takes the value for milliseconds.
export function hangMarks(matchers?: string): dashboard.AnnotationQueryBuilder {
  return new dashboard.AnnotationQueryBuilder()
    .name('Hangs')
    .datasource(dataSource)
    .enable(true)
    .iconColor(colour.bad)
    .expr(`${of('crosscall_board_last_hang_timestamp_seconds', matchers)} * 1000`)
    .step('60s')
    .titleFormat('Hang')
    .textFormat('{{board}}')
    .tagKeys('board')
    .useValueForTime(true);
}

export function sweepMarks(): dashboard.AnnotationQueryBuilder {
  return new dashboard.AnnotationQueryBuilder()
    .name('Sweep starts')
    .datasource(dataSource)
    .enable(false)
    .iconColor(colour.blue)
    .expr(`${of('crosscall_sweep_last_start_timestamp_seconds')} * 1000`)
    .step('60s')
    .titleFormat('Sweep starts')
    .textFormat('{{sweep}}')
    .tagKeys('sweep')
    .useValueForTime(true);
}

function otherPages(): dashboard.DashboardLinkBuilder {
  return new dashboard.DashboardLinkBuilder('crosscall')
    .type(dashboard.DashboardLinkType.Dashboards)
    .tags(['crosscall'])
    .asDropdown(true)
    .includeVars(true)
    .keepTime(true)
    .icon('external link');
}

// Where a name of a board leads: that board's page, with the same time and data source.
export function boardLink(name: string): dashboard.DynamicConfigValue {
  return {
    id: 'links',
    value: [{title: 'This board', url: `/d/crosscall-board?var-board=${name}&\${datasource:queryparam}&\${__url_time_range}`}],
  };
}

function placed(rows: readonly Row[]): dashboard.Panel[] {
  const panels: dashboard.Panel[] = [];
  let y = 0;
  for (const row of rows) {
    let x = 0;
    for (const [width, builder] of row.panels) {
      // The SDK gives no numbers, and links to a panel need them.
      panels.push({...builder.build(), id: panels.length + 1, gridPos: {x, y, w: width, h: row.height}});
      x += width;
    }
    y += row.height;
  }
  return panels;
}

export function build(page: Page, timezone: string): dashboard.Dashboard {
  const builder = new dashboard.DashboardBuilder(page.title)
    .uid(page.uid)
    .description(page.description)
    .tags(['crosscall'])
    .timezone(timezone)
    .readonly()
    .tooltip(dashboard.DashboardCursorSync.Crosshair)
    .time({from: page.from, to: 'now'})
    .refresh(page.refresh)
    .link(otherPages());
  for (const variable of [...shared(), ...page.variables]) builder.withVariable(variable);
  for (const annotation of page.annotations) builder.annotation(annotation);
  const built = builder.build();
  // The SDK moves marks and links into a menu that only the newest Grafana has.
  for (const each of [...(built.annotations.list ?? []), ...(built.links ?? [])]) delete each.placement;
  return {...built, panels: placed(page.rows)};
}
