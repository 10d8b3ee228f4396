import {colour, thresholds, unit, worseFrom} from './look.js';
import {boardLink, hangMarks, Page, several, sweepMarks} from './page.js';
import {linesPanel, matrixPanel, stackedBarsPanel, statPanel, tablePanel, timelinePanel} from './panels.js';
import {of} from './query.js';

const hangs = of('crosscall_board_hangs_total', 'implementation=~"$implementation"');
const lastHang = of('crosscall_board_last_hang_timestamp_seconds');
const lastWedge = of('crosscall_board_last_wedge_timestamp_seconds');

// 1 for an hour after the moment, for boards to which it happened within the time that is shown.
const hourAfter = (moment: string) =>
  `max by (board) ((time() - ${moment} < bool 3600) and on (board, job, instance) (time() - ${moment} < $__range_s))`;

const quietOr = (text: string, color: string) => ({'0': ['quiet', colour.neutral], '1': [text, color]} as const);

const numbers = [
  statPanel({
    title: 'Since the last hang',
    question: 'Is it happening now?',
    unit: unit.duration,
    query: {expr: `time() - max(${lastHang})`},
    thresholds: thresholds(colour.bad, [[3600, colour.attention], [86400, colour.good]]),
    noValue: 'never',
  }),
  statPanel({
    title: 'Since the last wedge',
    question: 'When did a whole board stop last?',
    unit: unit.duration,
    query: {expr: `time() - max(${lastWedge})`},
    thresholds: thresholds(colour.bad, [[3600, colour.attention], [86400, colour.good]]),
    noValue: 'never',
  }),
  statPanel({
    title: 'Hangs in range',
    question: 'How many trials hung in the time that is shown?',
    unit: unit.count,
    query: {expr: `sum(increase(${hangs}[$__range]))`},
  }),
  statPanel({
    title: 'Wedges in range',
    question: 'How many boards had to be brought back by their power in the time that is shown?',
    unit: unit.count,
    query: {expr: `sum(increase(${of('crosscall_board_wedges_total')}[$__range]))`},
  }),
  statPanel({
    title: 'Boards hung in the last hour',
    question: 'One board, or all of them? Five or more within an hour have a common cause: kernel, image or switch.',
    unit: unit.count,
    query: {expr: `count(time() - ${lastHang} < 3600) or vector(0)`},
    thresholds: worseFrom(1, 5),
  }),
  statPanel({
    title: 'Power cycles that failed, 24 h',
    question: 'Do boards come back by themselves? A failed power cycle leaves a board in quarantine.',
    unit: unit.count,
    query: {expr: `sum(increase(${of('crosscall_power_cycle_failures_total')}[24h]))`},
    thresholds: worseFrom(1, 3),
  }),
];

const latest = tablePanel({
  title: 'Boards by their last hang',
  question: 'Where do I look first? A name leads to the board; `crosscallctl hangs` and `crosscallctl hang show` print who waited for whom.',
  unit: unit.duration,
  noValue: '',
  queries: [
    {expr: `max by (board) (time() - ${lastHang} < $__range_s)`},
    {expr: `max by (board) (time() - ${lastWedge} < $__range_s)`},
  ],
})
  .withTransformation({id: 'joinByField', options: {byField: 'board', mode: 'outer'}})
  .withTransformation({
    id: 'organize',
    options: {
      excludeByName: {'Time': true, 'Time 1': true, 'Time 2': true},
      renameByName: {'board': 'Board', 'Value #A': 'Hung, ago', 'Value #B': 'Wedged, ago'},
    },
  })
  .overrideByName('Board', [boardLink('${__value.text}'), {id: 'unit', value: 'string'}]);

export const hangsPage: Page = {
  uid: 'crosscall-hangs',
  title: 'crosscall / Hangs and wedges',
  description: 'What hangs, on which boards, with which implementation, and since when?',
  from: 'now-7d',
  refresh: '1m',
  variables: [several('implementation', 'Implementation', `label_values(${of('crosscall_board_hangs_total')}, implementation)`)],
  annotations: [hangMarks(), sweepMarks()],
  rows: [
    {height: 4, panels: numbers.map((panel) => [4, panel] as const)},
    {
      height: 10,
      panels: [
        [8, latest],
        [16, matrixPanel({
          title: 'Hangs by board and implementation',
          question: 'Is it the board or the implementation? A full row speaks for the board, a full column for the implementation.',
          unit: unit.count,
          noValue: 'none',
          row: 'board',
          column: 'implementation',
          thresholds: thresholds(colour.neutral, [[1, colour.attention], [5, colour.bad]]),
          queries: [{expr: `sum by (board, implementation) (increase(${hangs}[$__range])) > 0`}],
        }).overrideByName('board\\implementation', [boardLink('${__value.text}')])],
      ],
    },
    {
      height: 9,
      panels: [
        [12, stackedBarsPanel({
          title: 'Hangs a day',
          question: 'Since when, and with which implementation?',
          unit: unit.count,
          query: {expr: `sum by (implementation) (increase(${hangs}[1d]))`, legend: '{{implementation}}', interval: '1d'},
        })],
        [12, linesPanel({
          title: 'Hangs per 1,000 trials',
          question: 'Is there more hanging, or only more work? Hangs of all implementations over all trials of a day.',
          unit: unit.count,
          queries: [{
            expr: `1000 * sum(increase(${of('crosscall_board_hangs_total')}[1d])) / sum(increase(${of('crosscall_board_trials_total')}[1d]))`,
            legend: 'hangs per 1,000 trials',
            interval: '1d',
          }],
        })],
      ],
    },
    {
      height: 9,
      panels: [
        [12, timelinePanel({
          title: 'When boards hung',
          question: 'Did they hang together? Each board is marked for an hour after a hang.',
          unit: unit.count,
          query: {expr: hourAfter(lastHang), legend: '{{board}}'},
          texts: quietOr('hung', colour.bad),
        })],
        [12, timelinePanel({
          title: 'When boards wedged',
          question: 'Did they stop together? Then look at power and network before boards. Each is marked for an hour after a wedge.',
          unit: unit.count,
          query: {expr: hourAfter(lastWedge), legend: '{{board}}'},
          texts: quietOr('wedged', colour.purple),
        })],
      ],
    },
    {
      height: 8,
      panels: [
        [24, linesPanel({
          title: 'Power cycles a day',
          question: 'How often is power switched, and does it work?',
          unit: unit.count,
          queries: [
            {expr: `sum(increase(${of('crosscall_power_cycles_total')}[1d]))`, legend: 'power cycles', interval: '1d'},
            {expr: `sum(increase(${of('crosscall_power_cycle_failures_total')}[1d]))`, legend: 'of these failed', interval: '1d'},
          ],
        })],
      ],
    },
  ],
};
