// What the explorer proved: a verdict for each pair, and a shortest way to each that is bad.
import { distinct, type Exploration, type Sweep } from "../data";
import { badge, el, nothing, section, type Mark } from "../dom";
import { count, nanos, plural } from "../format";
import { table } from "../table";

const SHOWN_WAYS = 12;

function markOf(verdict: string): Mark {
  if (verdict === "completes" || verdict === "refused") return "good";
  return verdict === "unknown" ? "warn" : "bad";
}

function way(exploration: Exploration, others: Exploration[]): HTMLElement {
  const skipped = exploration.trace_total - exploration.trace.length;
  return el(
    "details",
    { class: "finding" },
    el(
      "summary",
      {},
      badge(markOf(exploration.verdict), exploration.verdict),
      ` ${exploration.scenario}, ${exploration.implementation}${others.length > 1 ? ` and ${count(others.length - 1)} more` : ""}: ${plural(exploration.trace_total, "step")}`,
    ),
    ...(exploration.reason ? [el("p", { class: "lead" }, exploration.reason)] : []),
    el(
      "ul",
      {},
      ...exploration.waits.map((wait) =>
        el(
          "li",
          {},
          `CPU ${wait.cpu} waits for ${wait.waits_for} (interrupts ${wait.masked ? "masked" : "open"}${wait.pending ? ", IPI pending" : ""})`,
        ),
      ),
    ),
    ...(skipped > 0 ? [el("p", { class: "note" }, `The first ${count(skipped)} steps are left out.`)] : []),
    el(
      "ol",
      { start: skipped + 1, class: "trace" },
      ...exploration.trace.map((step) =>
        el("li", {}, `CPU ${step.cpu}: ${step.op}${step.stage ? `: ${step.stage}` : ""}`),
      ),
    ),
    ...(others.length > 1
      ? [
          el(
            "p",
            { class: "note" },
            `The same way with: ${others
              .slice(1)
              .map((each) => each.implementation)
              .join(", ")}.`,
          ),
        ]
      : []),
  );
}

export function explorer(sweep: Sweep): HTMLElement {
  const question = "Can it hang in any interleaving? Proven by search, not seen on a board.";
  if (sweep.explorations.length === 0)
    return section(
      "explorer",
      "Explorer",
      question,
      nothing("The sweep asked for no exploration (target system `explore`)."),
    );
  const bad = sweep.explorations.filter((each) => each.trace.length > 0);
  // Ways that are the same step by step are one finding.
  const ways = new Map<string, Exploration[]>();
  for (const each of bad) {
    const key = [each.scenario, each.verdict, ...each.trace.map((step) => `${step.cpu}${step.op}${step.stage}`)].join(
      "|",
    );
    ways.set(key, [...(ways.get(key) ?? []), each]);
  }
  const shown = [...ways.values()].slice(0, SHOWN_WAYS);
  const tally = distinct(sweep.explorations.map((each) => each.verdict)).map(
    (verdict) => `${count(sweep.explorations.filter((each) => each.verdict === verdict).length)} ${verdict}`,
  );
  return section(
    "explorer",
    "Explorer",
    question,
    el("p", {}, `${plural(sweep.explorations.length, "search", "searches")}: ${tally.join(", ")}.`),
    table({
      caption: "Verdicts of the explorer",
      rows: sweep.explorations,
      filter: true,
      pageSize: 15,
      columns: [
        { title: "Scenario", value: (each) => each.scenario },
        { title: "Implementation", value: (each) => each.implementation },
        { title: "Parameters", value: (each) => each.parameters, optional: true },
        { title: "Verdict", value: (each) => each.verdict, show: (each) => badge(markOf(each.verdict), each.verdict) },
        { title: "Memory", value: (each) => each.memory },
        { title: "States", numeric: true, value: (each) => each.states, show: (each) => count(each.states) },
        { title: "Time", numeric: true, value: (each) => each.elapsed, show: (each) => nanos(each.elapsed) },
        { title: "Why", value: (each) => each.reason, optional: true },
      ],
    }),
    ...shown.map((same) => (same[0] ? way(same[0], same) : "")),
    ...(ways.size > SHOWN_WAYS
      ? [el("p", { class: "note" }, `${count(ways.size - SHOWN_WAYS)} more ways: crosscallctl result show ATTEMPT.`)]
      : []),
  );
}
