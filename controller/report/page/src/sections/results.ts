// One row a point: what came of it.
import type { Exploration, Point, Sweep } from "../data";
import { badge, nothing, section, type Mark } from "../dom";
import { count, nanos } from "../format";
import { table, type Column } from "../table";

export function standing(point: Point): string {
  const parts: [number, string][] = [
    [point.completed, "completed"],
    [point.hung, "hung"],
    [point.wedged, "wedged"],
    [point.crashed, "crashed"],
    [point.refused, "refused"],
    [point.failed, "failed"],
    [point.ended_early, "cancelled or expired"],
    [point.open, "not ended"],
  ];
  const there = parts.filter(([n]) => n > 0);
  if (there.length === 1) return there[0]?.[1] ?? "";
  return there.map(([n, word]) => `${count(n)} ${word}`).join(", ");
}

export function markOf(point: Point): Mark {
  if (point.hung + point.wedged + point.crashed + point.violations > 0) return "bad";
  if (point.failed > 0) return "warn";
  return point.completed > 0 && point.completed + point.refused === point.trials ? "good" : "none";
}

function verdictOf(point: Point, explorations: Map<string, Exploration>): string {
  return explorations.get(`${point.scenario}|${point.implementation}|${point.parameters}`)?.verdict ?? "";
}

export function latencyColumns(): Column<Point>[] {
  const spans: [string, keyof Point][] = [
    ["p50", "p50"],
    ["p99", "p99"],
    ["p99.9", "p999"],
    ["Maximum", "max"],
  ];
  return spans.map(([title, field]) => ({
    title,
    numeric: true,
    value: (point: Point) => point[field] as number | null,
    show: (point: Point) => nanos(point[field] as number | null),
  }));
}

// What went wrong stands first, else as the sweep lists them.
const RANKS: Record<Mark, number> = { bad: 0, warn: 1, none: 2, good: 3 };

export function results(sweep: Sweep): HTMLElement {
  const question = "What came of each point? Repetitions are merged; only completed trials have a latency.";
  if (sweep.points.length === 0) return section("results", "Results", question, nothing("The sweep has no trials."));
  const explorations = new Map(
    sweep.explorations.map((each) => [`${each.scenario}|${each.implementation}|${each.parameters}`, each]),
  );
  const measured = sweep.points.filter((point) => point.system !== "explore");
  const columns: Column<Point>[] = [
    { title: "Scenario", value: (point) => point.scenario },
    { title: "Implementation", value: (point) => point.implementation },
    { title: "Board", value: (point) => point.board },
    { title: "CPUs", value: (point) => point.cpus, optional: true },
    { title: "Targets", value: (point) => (point.target_state === "spin" ? "" : point.target_state), optional: true },
    { title: "Parameters", value: (point) => point.parameters, optional: true },
    {
      title: "Rate",
      value: (point) => point.rate,
      show: (point) => (point.rate ? `${count(point.rate)}/s` : "closed"),
      numeric: true,
      optional: true,
    },
    { title: "Outcome", value: standing, show: (point) => badge(markOf(point), standing(point)) },
    { title: "Explorer", value: (point) => verdictOf(point, explorations), optional: true },
    { title: "Calls", value: (point) => point.calls, show: (point) => count(point.calls), numeric: true },
    ...latencyColumns(),
    { title: "Notes", value: (point) => point.notes, optional: true, width: "wide" },
  ];
  return section(
    "results",
    "Results",
    question,
    measured.length === 0
      ? nothing("Nothing was measured: the sweep only explores.")
      : table({
          caption: "Outcome and latency of each point, what went wrong first",
          columns,
          rows: measured.sort((a, b) => RANKS[markOf(a)] - RANKS[markOf(b)]),
          filter: true,
        }),
  );
}
