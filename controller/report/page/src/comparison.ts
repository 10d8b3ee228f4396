// Points of a sweep beside the same points of a baseline. Whether a difference is more than noise is asked of the
// repetitions: their ranges must not touch.
import { pointKey, type Point, type Sweep } from "./data";

export interface Compared {
  point: Point;
  before: Point;
  // Of the p99; null where one of them has none.
  ratio: number | null;
  median: number | null;
  word: "slower" | "faster" | "same" | "unclear" | "now fails" | "now completes" | "fails as before";
}

const CHANGE = 1.1;
const ENOUGH_REPETITIONS = 3;

function over(now: number | null, before: number | null): number | null {
  return now === null || before === null || before === 0 ? null : now / before;
}

function wordOf(point: Point, before: Point, ratio: number | null): Compared["word"] {
  if (ratio === null)
    return before.p99 !== null ? "now fails" : point.p99 !== null ? "now completes" : "fails as before";
  if (ratio < CHANGE && ratio > 1 / CHANGE) return "same";
  if (Math.min(point.repetitions, before.repetitions) < ENOUGH_REPETITIONS) return "unclear";
  if (ratio > 1 && (point.p99_low ?? 0) > (before.p99_high ?? 0)) return "slower";
  if (ratio < 1 && (point.p99_high ?? 0) < (before.p99_low ?? 0)) return "faster";
  return "unclear";
}

// Of points that were measured in both and have ended; the largest ratio first.
export function judge(sweep: Sweep, baseline: Sweep): Compared[] {
  const former = new Map(baseline.points.map((point) => [pointKey(point), point]));
  const compared: Compared[] = [];
  for (const point of sweep.points) {
    const before = former.get(pointKey(point));
    if (!before || point.system === "explore" || point.open > 0 || (point.p99 === null && before.p99 === null))
      continue;
    const ratio = over(point.p99, before.p99);
    compared.push({ point, before, ratio, median: over(point.p50, before.p50), word: wordOf(point, before, ratio) });
  }
  return compared.sort((a, b) => (b.ratio ?? Infinity) - (a.ratio ?? Infinity));
}
