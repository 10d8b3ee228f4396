import * as common from '@grafana/grafana-foundation-sdk/common';

import {betterFrom, colour, DAY_S, unit, worseFrom} from './look.js';
import {Page, sweepMarks} from './page.js';
import {linesPanel, statPanel} from './panels.js';
import {of, ofOurTargets} from './query.js';

const rate = (metric: string) => `rate(${of(metric)}[$__rate_interval])`;

const numbers = [
  statPanel({
    title: 'Up',
    question: 'Is it scraped? One target that is down is enough for "down".',
    unit: unit.count,
    query: {expr: `min(${ofOurTargets('up')})`},
    texts: {'0': ['down', colour.bad], '1': ['up', colour.good]},
    noValue: 'not scraped',
  }),
  statPanel({
    title: 'Agents connected',
    question: 'Who is there?',
    unit: unit.count,
    query: {expr: `sum(${of('crosscall_agents_connected')})`},
  }),
  statPanel({
    title: 'Certificate expires in',
    question: 'How long will agents be able to connect? The first of the certificates in use that ends.',
    unit: unit.duration,
    query: {expr: `min(${of('crosscall_tls_certificate_not_after_timestamp_seconds')}) - time()`},
    thresholds: betterFrom(2 * DAY_S, 14 * DAY_S),
    noValue: 'no certificates',
  }),
  statPanel({
    title: 'Store failures, 24 h',
    question: 'Are results being lost?',
    unit: unit.count,
    query: {expr: `sum(increase(${of('crosscall_store_operation_failures_total')}[24h]))`},
    thresholds: worseFrom(1, 1),
  }),
  statPanel({
    title: 'Series dropped',
    question: 'Is detail missing? Series that did not fit into the limit of the exporter.',
    unit: unit.count,
    query: {expr: `sum(${of('crosscall_exporter_dropped_series')})`},
    thresholds: worseFrom(1, 1000),
  }),
  statPanel({
    title: 'Version',
    question: 'What runs?',
    unit: unit.count,
    query: {expr: `max by (version) (${of('crosscall_build_info')})`, legend: '{{version}}'},
    textMode: common.BigValueTextMode.Name,
  }),
];

const intake = [
  linesPanel({
    title: 'gRPC calls by code',
    question: 'Do agents or people get errors? OK should be nearly all; UNAVAILABLE and RESOURCE_EXHAUSTED mean that they are told to come later.',
    unit: unit.perSecond,
    queries: [{expr: `sum by (grpc_code) (${rate('crosscall_grpc_requests_total')})`, legend: '{{grpc_code}}'}],
  }),
  linesPanel({
    title: 'Ingest queue',
    question: 'Does the dispatcher keep up? Above the dashed line an alert is due; at 100 % agents have to wait.',
    unit: unit.ratio,
    max: 1,
    dashedAt: [[0.8, colour.bad]],
    queries: [{expr: `${of('crosscall_ingest_queue_length')} / ${of('crosscall_ingest_queue_capacity')}`, legend: '{{instance}}'}],
  }),
  linesPanel({
    title: 'Results received, refused',
    question: 'Is intake healthy? Refused ones by reason: duplicates are harmless, all else wants a look.',
    unit: unit.perSecond,
    queries: [
      {expr: `sum(${rate('crosscall_results_received_total')})`, legend: 'received'},
      {expr: `sum by (reason) (${rate('crosscall_results_rejected_total')})`, legend: 'refused: {{reason}}'},
    ],
  }),
  linesPanel({
    title: 'Dispatch latency',
    question: 'How long does an idle board wait for work that is there? From both being known to the lease committed and answered.',
    unit: unit.seconds,
    logarithmic: true,
    queries: ['0.99', '0.5'].map((quantile) => ({
      expr: `histogram_quantile(${quantile}, sum by (le) (${rate('crosscall_dispatch_latency_seconds_bucket')}))`,
      legend: quantile === '0.99' ? 'p99' : 'p50',
    })),
  }),
];

const store = [
  linesPanel({
    title: 'Store operations',
    question: 'How busy is the store?',
    unit: unit.perSecond,
    queries: [{expr: `sum by (operation) (${rate('crosscall_store_operations_total')})`, legend: '{{operation}}'}],
  }),
  linesPanel({
    title: 'Store operation p99',
    question: 'Is the disk slow? What results wait for before they are acknowledged.',
    unit: unit.seconds,
    logarithmic: true,
    queries: [{
      expr: `histogram_quantile(0.99, sum by (operation, le) (${rate('crosscall_store_operation_duration_seconds_bucket')}))`,
      legend: '{{operation}}',
    }],
  }),
  linesPanel({
    title: 'Store size and free space',
    question: 'How full is the disk? Below 20 GB and falling an alert is due.',
    unit: unit.bytes,
    queries: [
      {expr: of('crosscall_store_size_bytes'), legend: 'store on {{instance}}'},
      {expr: of('crosscall_store_free_bytes'), legend: 'free on {{instance}}'},
    ],
  }),
];

const exporter = [
  linesPanel({
    title: 'Scrapes',
    question: 'How slow are scrapes? The time-out is 30 s, and beyond it everything is lost.',
    unit: unit.seconds,
    queries: [{expr: ofOurTargets('scrape_duration_seconds'), legend: '{{job}} {{instance}}'}],
  }),
  linesPanel({
    title: 'Series exposed',
    question: 'Does the number of series grow? Each costs Prometheus about 3 kB of memory.',
    unit: unit.count,
    queries: [{expr: ofOurTargets('scrape_samples_scraped'), legend: '{{job}} {{instance}}'}],
  }),
  linesPanel({
    title: 'Process',
    question: 'What does the controller cost? CPUs in use on the left, resident memory on the right.',
    unit: unit.number,
    queries: [
      {expr: `rate(${ofOurTargets('process_cpu_seconds_total')}[$__rate_interval])`, legend: 'CPUs, {{instance}}'},
      {expr: ofOurTargets('process_resident_memory_bytes'), legend: 'memory, {{instance}}'},
    ],
  }).overrideByQuery('B', [{id: 'unit', value: unit.bytes}, {id: 'custom.axisPlacement', value: 'right'}]),
];

export const controllerPage: Page = {
  uid: 'crosscall-controller',
  title: 'crosscall / Controller',
  description: 'Does the controller itself work?',
  from: 'now-6h',
  refresh: '30s',
  variables: [],
  annotations: [sweepMarks()],
  rows: [
    {height: 4, panels: numbers.map((panel) => [4, panel] as const)},
    {height: 8, panels: intake.map((panel) => [6, panel] as const)},
    {height: 8, panels: store.map((panel) => [8, panel] as const)},
    {height: 8, panels: exporter.map((panel) => [8, panel] as const)},
  ],
};
