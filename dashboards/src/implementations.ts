import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';

import {colour, thresholds, unit} from './look.js';
import {hangMarks, Page, points, several, sweepMarks} from './page.js';
import {barGaugePanel, heatmapPanel, linesPanel, matrixPanel, stackedBarsPanel} from './panels.js';
import {of, point} from './query.js';

const latency = of('crosscall_last_trial_latency_seconds', `${point}, stat="$stat"`);
const buckets = `sum by (le) (increase(${of('crosscall_call_latency_seconds_bucket', `${point}, model=~"$model"`)}[1d]))`;

// Info series of a board overlap after a kernel upgrade, hence `group`.
const models = of('crosscall_board_info', 'model=~"$model"');
const withModel = `on (board, job, instance) group_left (model) group by (board, model, job, instance) (${models})`;

const judged = (metric: string) => of(metric, 'implementation=~"$implementation", target_system=~"$target_system"');

export const implementationsPage: Page = {
  uid: 'crosscall-implementations',
  title: 'crosscall / Implementations',
  description: 'Which implementation is fastest, where, and did that change?',
  from: 'now-14d',
  refresh: '5m',
  variables: [
    // The only one that has every point at each level of detail.
    ...points('crosscall_call_latency_seconds_count'),
    several('model', 'Board model', `label_values(${of('crosscall_board_info')}, model)`),
    new dashboard.CustomVariableBuilder('stat').label('Statistic').values('p50,p99,p999,max')
      .current({selected: true, text: 'p99', value: 'p99'})
      .description('p999 is there at level of detail "full" only'),
  ],
  annotations: [hangMarks(), sweepMarks()],
  rows: [
    {
      height: 10,
      panels: [
        [10, barGaugePanel({
          title: 'Latency now',
          question: 'Which is fastest? The median over boards of what their last trials measured, for the chosen scenario, statistic and board models. ' +
            'At level of detail "board" there is the headline scenario only.',
          unit: unit.seconds,
          query: {
            expr: `sort(quantile by (implementation) (0.5, ${latency} * ${withModel}))`,
            legend: '{{implementation}}',
          },
        })],
        [14, linesPanel({
          title: 'Latency over boards',
          question: 'How far apart are boards, and did that change? The median over boards, and dashed the bounds of the middle 80 %.',
          unit: unit.seconds,
          logarithmic: true,
          dashed: ['A', 'C'],
          queries: [
            {expr: `quantile by (implementation) (0.9, ${latency})`, legend: '{{implementation}}, 90 % of boards below'},
            {expr: `quantile by (implementation) (0.5, ${latency})`, legend: '{{implementation}}, median board'},
            {expr: `quantile by (implementation) (0.1, ${latency})`, legend: '{{implementation}}, 10 % of boards below'},
          ],
        })],
      ],
    },
    {
      height: 10,
      panels: [
        [12, heatmapPanel({
          title: 'Distribution',
          question: 'What shape do latencies have, and how long are the tails? Every measured call of a day, of the chosen implementations together.',
          unit: unit.seconds,
          query: {expr: buckets, legend: '{{le}}', interval: '1d'},
        })],
        [12, linesPanel({
          title: 'Quantiles by night',
          question: 'Do calls as a whole drift? Quantiles of every measured call of a day; steps are the bounds of buckets.',
          unit: unit.seconds,
          logarithmic: true,
          queries: [
            {expr: `histogram_quantile(0.99, ${buckets})`, legend: 'p99', interval: '1d'},
            {expr: `histogram_quantile(0.5, ${buckets})`, legend: 'p50', interval: '1d'},
          ],
        })],
      ],
    },
    {
      height: 9,
      panels: [
        [12, matrixPanel({
          title: 'Worst regression',
          question: 'How bad is it, and where? p99 over the accepted baseline on the worst board, only where it was judged a regression; ' +
            'all scenarios.',
          unit: unit.number,
          noValue: 'none',
          row: 'implementation',
          column: 'scenario',
          thresholds: thresholds(colour.neutral, [[1.1, colour.attention], [1.3, colour.bad]]),
          queries: [{expr: `max by (implementation, scenario) (${judged('crosscall_last_trial_regression_ratio')})`}],
        })],
        [12, stackedBarsPanel({
          title: 'Regressed boards',
          question: 'Since when is it slower, and on how many boards? All scenarios of the chosen target system.',
          unit: unit.count,
          query: {
            expr: `sum by (implementation, scenario, target_system) (${judged('crosscall_regressed_boards')}) > 0`,
            legend: '{{implementation}}, {{scenario}}',
          },
        })],
      ],
    },
  ],
};
