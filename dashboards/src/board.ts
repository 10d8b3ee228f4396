import {colour, DAY_S, thresholds, unit, worseFrom} from './look.js';
import {hangMarks, one, Page, points, sweepMarks} from './page.js';
import {linesPanel, matrixPanel, stackedBarsPanel, statPanel, tablePanel, timelinePanel} from './panels.js';
import {of, ofBoard, point} from './query.js';

const ago = (metric: string) => `time() - max(${ofBoard(metric)})`;
const p99 = (metric: string) => ofBoard(metric, `${point}, stat="p99"`);
const ofAnyScenario = (metric: string) => ofBoard(metric, 'target_system=~"$target_system", stat="p99"');
const states = {'0': ['offline', colour.bad], '1': ['online', colour.good]} as const;

const numbers = [
  statPanel({
    title: 'State',
    question: 'Is it up? Online means that its agent answers in time.',
    unit: unit.count,
    query: {expr: `max(${ofBoard('crosscall_board_up')})`},
    texts: states,
    noValue: 'unknown',
  }),
  statPanel({
    title: 'Last seen',
    question: 'When did it speak last?',
    unit: unit.duration,
    query: {expr: ago('crosscall_board_last_seen_timestamp_seconds')},
    noValue: 'never',
  }),
  statPanel({
    title: 'Last trial',
    question: 'Does it work? Time since a trial ended on it, with any outcome.',
    unit: unit.duration,
    query: {expr: ago('crosscall_board_last_trial_timestamp_seconds')},
    thresholds: worseFrom(1.5 * DAY_S, 2.5 * DAY_S),
    noValue: 'never',
  }),
  statPanel({
    title: 'Last hang',
    question: 'How long has it been without a hang? `crosscallctl hangs` lists the post-mortems.',
    unit: unit.duration,
    query: {expr: ago('crosscall_board_last_hang_timestamp_seconds')},
    thresholds: thresholds(colour.bad, [[DAY_S, colour.attention], [7 * DAY_S, colour.good]]),
    noValue: 'never',
  }),
  statPanel({
    title: 'Last wedge',
    question: 'How long has the board itself not stopped? After a wedge only its power brought it back.',
    unit: unit.duration,
    query: {expr: ago('crosscall_board_last_wedge_timestamp_seconds')},
    thresholds: thresholds(colour.bad, [[DAY_S, colour.attention], [7 * DAY_S, colour.good]]),
    noValue: 'never',
  }),
  statPanel({
    title: 'Hangs in range',
    question: 'How often did trials hang in the time that is shown?',
    unit: unit.count,
    query: {expr: `sum(increase(${ofBoard('crosscall_board_hangs_total')}[$__range]))`},
    thresholds: worseFrom(1, 5),
  }),
  statPanel({
    title: 'Regressions',
    question: 'In how many points is it slower than agreed?',
    unit: unit.count,
    query: {expr: `count(${ofBoard('crosscall_last_trial_regression_ratio')}) or vector(0)`},
    thresholds: worseFrom(1, 5),
  }),
  statPanel({
    title: 'Clock offset',
    question: 'Is its clock right? Board minus controller; wrong clocks make certificates invalid and histories hard to read.',
    unit: unit.seconds,
    query: {expr: `max(${ofBoard('crosscall_board_clock_offset_seconds')})`},
    thresholds: thresholds(colour.bad, [[-30, colour.attention], [-5, colour.good], [5, colour.attention], [30, colour.bad]]),
  }),
];

const inventory = tablePanel({
  title: 'Inventory',
  question: 'What is it? Two rows mean that something, such as its kernel, has just changed.',
  unit: unit.count,
  queries: [{expr: ofBoard('crosscall_board_info')}],
}).withTransformation({
  id: 'organize',
  options: {
    excludeByName: {'Time': true, 'Value': true, '__name__': true, 'job': true, 'instance': true},
    renameByName: {board: 'Board', model: 'Model', arch: 'Architecture', cpus: 'CPUs', kernel: 'Kernel', agent_version: 'Agent', pool: 'Pool'},
  },
});

export const boardPage: Page = {
  uid: 'crosscall-board',
  title: 'crosscall / Board',
  description: 'Everything about one board.',
  from: 'now-14d',
  refresh: '1m',
  variables: [
    one('board', 'Board', `label_values(${of('crosscall_board_info')}, board)`),
    // At level "board" these are the headline's alone, which are all that is known of a single board.
    ...points('crosscall_last_trial_latency_seconds'),
  ],
  annotations: [hangMarks('board=~"$board"'), sweepMarks()],
  rows: [
    {height: 4, panels: numbers.map((panel) => [3, panel] as const)},
    {
      height: 10,
      panels: [
        [16, linesPanel({
          title: 'Latency by implementation',
          question: 'How did p99 change from trial to trial? Dashed: the accepted baseline, which is there at level of detail "full" only.',
          unit: unit.seconds,
          logarithmic: true,
          dashed: ['B'],
          queries: [
            {expr: `max by (implementation) (${p99('crosscall_last_trial_latency_seconds')})`, legend: '{{implementation}}'},
            {expr: `max by (implementation) (${p99('crosscall_baseline_latency_seconds')})`, legend: '{{implementation}}, baseline'},
          ],
        })],
        [8, matrixPanel({
          title: 'Last trial over baseline',
          question: 'Where is it slower than its own past? p99 over the accepted baseline, all scenarios; at level of detail "full" only.',
          unit: unit.number,
          noValue: 'no baseline',
          row: 'implementation',
          column: 'scenario',
          thresholds: thresholds(colour.sky, [[0.9, colour.neutral], [1.1, colour.attention], [1.3, colour.bad]]),
          queries: [{
            expr: `max by (implementation, scenario) (${ofAnyScenario('crosscall_last_trial_latency_seconds')} / ` +
              `${ofAnyScenario('crosscall_baseline_latency_seconds')})`,
          }],
        })],
      ],
    },
    {
      height: 8,
      panels: [
        [12, stackedBarsPanel({
          title: 'Trials a day by outcome',
          question: 'Does it work as much as before, and do trials end as before?',
          unit: unit.count,
          outcomes: true,
          query: {expr: `sum by (outcome) (increase(${ofBoard('crosscall_board_trials_total')}[1d]))`, legend: '{{outcome}}', interval: '1d'},
        })],
        [12, timelinePanel({
          title: 'Online',
          question: 'When was it there?',
          unit: unit.count,
          query: {expr: `max by (board) (${ofBoard('crosscall_board_up')})`, legend: '{{board}}'},
          texts: states,
        })],
      ],
    },
    {height: 5, panels: [[24, inventory]]},
  ],
};
