// The data of a page, as controller/report writes it (report_json.cc, lab_json.cc). Spans are nanoseconds, instants
// "2026-01-02 03:04:05Z" or empty. Text that repeats is an index into `strings`.

export interface Progress {
  total: number;
  pending: number;
  running: number;
  completed: number;
  hung: number;
  crashed: number;
  refused: number;
  failed: number;
  cancelled: number;
  wedged: number;
  invalid_attempts: number;
  lost_attempts: number;
}

export interface Stage {
  name: string;
  count: number;
  mean: number;
  p50: number;
  p99: number;
  max: number;
}

// One way to measure on one board: repetitions and CPU lists pooled.
export interface Series {
  scenario: string;
  implementation: string;
  board: string;
  target_state: string;
  parameters: string;
  rate: number;
  count: number;
  p50: number;
  p99: number;
  max: number;
  curve: number[]; // at the report's `quantiles`
  bins: [number, number][]; // coarse bin, count
  stages: Stage[];
}

// One point of the sweep, repetitions merged.
export interface Point {
  scenario: string;
  implementation: string;
  system: string;
  board: string;
  cpus: string;
  target_state: string;
  parameters: string;
  rate: number;
  cpu_count: number;
  trials: number;
  completed: number;
  hung: number;
  crashed: number;
  refused: number;
  wedged: number;
  failed: number;
  ended_early: number;
  open: number;
  calls: number;
  refused_calls: number;
  violations: number;
  count: number;
  min: number | null;
  mean: number | null;
  p50: number | null;
  p90: number | null;
  p99: number | null;
  p999: number | null;
  max: number | null;
  // Over repetitions.
  repetitions: number;
  p50_low: number | null;
  p50_high: number | null;
  p99_low: number | null;
  p99_high: number | null;
  ipis_seen: number | null;
  ipis_expected: number | null;
  kicks_sent: number;
  kicks_skipped: number;
  spurious: number;
  merged: number;
  notes: string;
}

export interface HeatMap {
  scenario: string;
  implementation: string;
  board: string;
  target_state: string;
  parameters: string;
  rate: number;
  cpus: number;
  block: number; // CPUs a row, 1 unless aggregated
  rows: { label: string; node: number }[];
  p50: (number | null)[]; // row by row: from, to
  p99: (number | null)[];
}

export interface Hang {
  attempt: string;
  board: string;
  scenario: string;
  implementation: string;
  time: string;
  class: string;
  summary: string;
  late: boolean;
  probe: string;
  count: number; // attempts with this fingerprint
  boards: string[];
  cycle: number[];
  waits: { cpu: number; site: string; for: number[]; lock: string; waited: number; call: number }[];
  cpus: {
    cpu: number;
    board_cpu: number;
    masked: boolean;
    pending: boolean;
    queued: number;
    state: string;
    frames: string[];
    locks: string[];
  }[];
  stamps: { cpu: number; stage: string; at: number; caller: number; call: number; peer: number }[];
  stamp_total: number;
  reasoning: string[];
  steps: { time: string; word: string; result: string }[];
}

export interface Exploration {
  attempt: string;
  scenario: string;
  implementation: string;
  parameters: string;
  verdict: string;
  memory: string;
  states: number;
  executions: number;
  elapsed: number;
  reason: string;
  trace: { cpu: number; op: string; stage: string }[];
  trace_total: number;
  waits: { cpu: number; waits_for: string; masked: boolean; pending: boolean }[];
}

export interface Trouble {
  attempt: string;
  board: string;
  scenario: string;
  implementation: string;
  outcome: string;
  reason: string;
  decides: boolean;
}

export interface BoardShare {
  name: string;
  listed: boolean;
  online: boolean;
  state: string;
  reason: string;
  model: string;
  architecture: string;
  kernel: string;
  cpus: number;
  trials: number;
  told: number;
  without: number; // ended, and told nothing
  open: number;
  why: string;
}

export interface Sweep {
  name: string;
  state: string;
  reason: string;
  owner: string;
  schedule: string;
  created: string;
  started: string;
  ended: string;
  coverage: number;
  progress: Progress;
  points: Point[];
  series: Series[]; // those that have curves
  routes: Record<string, number>; // call targets reached
  heatmaps: HeatMap[];
  hangs: Hang[];
  explorations: Exploration[];
  environments: { board: string; fields: Record<string, string[]> }[];
  troubles: Trouble[];
  trouble_counts: Record<string, number>;
  boards: BoardShare[];
  overhead: { clock_read: number; empty_call: number; clock_skew: number; clocks: string[] };
  left_out: string[];
}

export interface Report {
  kind: "report";
  made: string;
  version: string;
  quantiles: number[];
  sweep: Sweep;
  baseline: Sweep | null;
}

export interface LabBoard {
  name: string;
  state: string;
  reason: string;
  online: boolean;
  model: string;
  architecture: string;
  kernel: string;
  cpus: number;
  labels: string[];
  running: string;
  last_seen: string;
}

export interface LabSweep {
  name: string;
  state: string;
  owner: string;
  schedule: string;
  created: string;
  ended: string;
  coverage: number;
  progress: Progress;
}

export interface Lab {
  kind: "lab";
  made: string;
  version: string;
  boards: LabBoard[];
  sweeps: LabSweep[];
  more_sweeps: boolean;
}

// Keys and texts that repeat would be most of a large report.
type Packed = Omit<Sweep, "points" | "series"> & {
  strings: string[];
  point_fields: string[];
  text_fields: string[];
  points: (number | null)[][];
  stage_names: string[];
  series: (Omit<Series, "stages"> & { stages: number[][] })[];
};

function unpackStage(names: string[], [name = 0, count = 0, mean = 0, p50 = 0, p99 = 0, max = 0]: number[]): Stage {
  return { name: names[name] ?? "", count, mean, p50, p99, max };
}

function unpack(packed: Packed | null): Sweep | null {
  if (packed === null) return null;
  const text = new Set(packed.text_fields);
  const points = packed.points.map((row) => {
    const point: Record<string, string | number | null> = {};
    packed.point_fields.forEach((field, i) => {
      const value = row[i] ?? null;
      point[field] = text.has(field) ? (packed.strings[value ?? 0] ?? "") : value;
    });
    return point as unknown as Point;
  });
  const series = packed.series.map((each) => ({
    ...each,
    stages: each.stages.map((stage) => unpackStage(packed.stage_names, stage)),
  }));
  return { ...packed, points, series };
}

export function readData(text: string): Report | Lab {
  const data = JSON.parse(text) as { kind: string; sweep: Packed; baseline: Packed | null };
  if (data.kind === "lab") return data as unknown as Lab;
  return { ...data, sweep: unpack(data.sweep), baseline: unpack(data.baseline) } as unknown as Report;
}

// What makes a series, or the series of a point, one with another's.
export function settingOf(of: { target_state: string; parameters: string; rate: number }): string {
  const parts = [];
  if (of.parameters) parts.push(of.parameters);
  if (of.target_state && of.target_state !== "spin") parts.push(`targets ${of.target_state}`);
  if (of.rate) parts.push(`${of.rate}/s`);
  return parts.join(", ");
}

export function pointKey(point: Point): string {
  return [
    point.scenario,
    point.implementation,
    point.system,
    point.board,
    point.cpus,
    point.target_state,
    point.parameters,
    point.rate,
  ].join("|");
}

export function distinct<T>(values: Iterable<T>): T[] {
  return [...new Set(values)];
}
