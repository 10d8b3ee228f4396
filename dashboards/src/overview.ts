import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';

import {betterFrom, colour, unit, worseFrom} from './look.js';
import {boardLink, hangMarks, one, Page, sweepMarks} from './page.js';
import {linesPanel, stackedBarsPanel, statPanel, tablePanel} from './panels.js';
import {of} from './query.js';

const ofSweep = (metric: string, more = '') => of(metric, `sweep=~"$sweep"${more}`);

const median = 'implementation_scenario_target_system_stat:crosscall_last_trial_latency_seconds:median';
const lastSuccess = `max(${ofSweep('crosscall_sweep_last_success_timestamp_seconds')})`;

const numbers = [
  statPanel({
    title: 'Boards online',
    question: 'Is the lab there? The share of known boards whose agents answer in time.',
    unit: unit.ratio,
    query: {expr: `avg(${of('crosscall_board_up')})`},
    thresholds: betterFrom(0.9, 0.98),
    noValue: 'no board',
  }),
  statPanel({
    title: 'Since last good sweep',
    question: 'Did the night run? Time since a sweep ended with at least 95 % of its boards reporting, and what that means by its schedule: ' +
      'late is as for the alerts, a tenth of a period, overdue a fifth more than two periods.',
    unit: unit.duration,
    query: {expr: `time() - ${lastSuccess}`},
    verdict: {
      query: {expr: `(time() - ${lastSuccess}) / max(${ofSweep('crosscall_sweep_period_seconds')})`},
      ranges: [[0, 'in time', colour.good], [1.1, 'late', colour.attention], [2.2, 'overdue', colour.bad]],
    },
    noValue: 'never',
  }),
  statPanel({
    title: 'Boards hung, 24 h',
    question: 'What broke today? Boards on which at least one trial hung.',
    unit: unit.count,
    query: {expr: `count(time() - ${of('crosscall_board_last_hang_timestamp_seconds')} < 86400) or vector(0)`},
    thresholds: worseFrom(1, 5),
  }),
  statPanel({
    title: 'Regressed boards',
    question: 'Is anything slower than agreed? Boards judged regressed, for the implementation, scenario and target system with most of them.',
    unit: unit.count,
    query: {expr: `max(sum by (implementation, scenario, target_system) (${of('crosscall_regressed_boards')}))`},
    thresholds: worseFrom(1, 5),
    noValue: 'not judged',
  }),
  statPanel({
    title: 'Missing from last sweep',
    question: 'Is what I look at complete? Boards of which the last sweep has no result.',
    unit: unit.count,
    query: {expr: `sum(${ofSweep('crosscall_sweep_last_boards', ', outcome="missing"')})`},
    thresholds: worseFrom(1, 5),
    noValue: 'no sweep yet',
  }),
  statPanel({
    title: 'Alerts firing',
    question: 'What is known already? Alerts of crosscall that fire now; the list is in Alertmanager.',
    unit: unit.count,
    query: {expr: 'count(ALERTS{alertname=~"Crosscall.+", alertstate="firing"}) or vector(0)'},
    thresholds: worseFrom(1, 10),
  }),
];

const attention = tablePanel({
  title: 'Boards that need attention',
  question: 'Where do I go? Boards that are offline, silent for five minutes, quarantined, or that hung or wedged within seven days. ' +
    'A name leads to the board.',
  unit: unit.duration,
  noValue: '',
  queries: [
    {expr: `max by (board) ((1 - ${of('crosscall_board_up')}) == 1)`},
    {expr: `max by (board) (time() - ${of('crosscall_board_last_hang_timestamp_seconds')} < 7 * 86400)`},
    {expr: `max by (board) (time() - ${of('crosscall_board_last_wedge_timestamp_seconds')} < 7 * 86400)`},
    {expr: `max by (board) (time() - ${of('crosscall_board_last_seen_timestamp_seconds')} > 300)`},
    {expr: `max by (board) (${of('crosscall_board_quarantined')} == 1)`},
  ],
})
  .withTransformation({id: 'joinByField', options: {byField: 'board', mode: 'outer'}})
  .withTransformation({
    id: 'organize',
    options: {
      excludeByName: {'Time': true, 'Time 1': true, 'Time 2': true, 'Time 3': true, 'Time 4': true, 'Time 5': true},
      renameByName: {
        'board': 'Board', 'Value #A': 'Offline', 'Value #B': 'Hung, ago', 'Value #C': 'Wedged, ago', 'Value #D': 'Silent for',
        'Value #E': 'Quarantined',
      },
    },
  })
  .overrideByName('Board', [boardLink('${__value.text}'), {id: 'unit', value: 'string'}])
  .overrideByName('Offline', yes('offline', colour.bad))
  .overrideByName('Quarantined', yes('quarantined', colour.attention));

function yes(text: string, color: string): dashboard.DynamicConfigValue[] {
  return [
    {id: 'mappings', value: [{type: 'value', options: {'1': {text, color, index: 0}}}]},
    {id: 'custom.cellOptions', value: {type: 'color-text'}},
    {id: 'unit', value: 'none'},
  ];
}

export const overviewPage: Page = {
  uid: 'crosscall-overview',
  title: 'crosscall / Lab overview',
  description: 'Is the lab healthy, and what needs a person?',
  from: 'now-14d',
  refresh: '5m',
  variables: [one('sweep', 'Sweep', `label_values(${of('crosscall_sweep_last_start_timestamp_seconds')}, sweep)`)],
  annotations: [hangMarks(), sweepMarks()],
  rows: [
    {height: 4, panels: numbers.map((panel) => [4, panel] as const)},
    {
      height: 9,
      panels: [
        [12, attention],
        [12, stackedBarsPanel({
          title: 'Hangs a day',
          question: 'Do hangs become more, and with which implementation? Implementations that are not tracked count as other.',
          unit: unit.count,
          query: {expr: `sum by (implementation) (increase(${of('crosscall_board_hangs_total')}[1d]))`, legend: '{{implementation}}', interval: '1d'},
        })],
      ],
    },
    {
      height: 9,
      panels: [
        [12, linesPanel({
          title: 'Median p99, worst pair',
          question: 'Does the fleet drift? For each implementation the median over boards of p99, ' +
            'in the scenario and target system where it is largest.',
          unit: unit.seconds,
          logarithmic: true,
          queries: [{
            expr: `max by (implementation) (${of(median, 'stat="p99"')})`,
            legend: '{{implementation}}',
          }],
        })],
        [12, stackedBarsPanel({
          title: 'Sweep by outcome',
          question: 'Was every night complete? Boards of the sweep that had ended last, each once, under the worst that happened to it.',
          unit: unit.count,
          outcomes: true,
          query: {expr: `sum by (outcome) (${ofSweep('crosscall_sweep_last_boards')})`, legend: '{{outcome}}', interval: '1d'},
        })],
      ],
    },
  ],
};
