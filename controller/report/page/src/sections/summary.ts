// The first screen: four questions, each answered by a sentence that a manager can pass on.
import { judge } from "../comparison";
import { distinct, type Point, type Report, type Sweep } from "../data";
import { badge, breakable, el, type Mark } from "../dom";
import { count, nanos, percent, plural, shortName } from "../format";

interface Answer {
  question: string;
  mark: Mark;
  words: string;
  sentences: string[];
  link: string;
}

function hangs(sweep: Sweep): Answer {
  const hung = sweep.progress.hung;
  const wedged = sweep.progress.wedged;
  const found = sweep.explorations.filter((each) => ["deadlock", "livelock", "violation"].includes(each.verdict));
  const sentences: string[] = [];
  if (hung > 0) {
    const pairs = distinct(
      sweep.points.filter((point) => point.hung > 0).map((point) => `${point.scenario} with ${point.implementation}`),
    );
    sentences.push(
      `${plural(hung, "trial")} hung, of ${plural(pairs.length, "pair")} of scenario and implementation: ${pairs.slice(0, 2).join("; ")}${pairs.length > 2 ? "; …" : "."}`,
    );
  }
  if (wedged > 0) sentences.push(`${plural(wedged, "trial")} took the board down with it.`);
  if (found.length > 0)
    sentences.push(
      `The explorer found a way into ${distinct(found.map((each) => each.verdict)).join(", ")} in ${found.length} of ${plural(sweep.explorations.length, "search", "searches")}.`,
    );
  const told = sweep.progress.completed + hung;
  if (sentences.length === 0)
    sentences.push(
      told === 0
        ? "Nothing ran to an end, so nothing is known."
        : `None of ${plural(told, "trial")} stopped making progress.`,
    );
  if (found.length === 0 && sweep.explorations.length > 0)
    sentences.push(`The explorer searched ${plural(sweep.explorations.length, "pair")} and found no way into a hang.`);
  const bad = hung + wedged + found.length > 0;
  return {
    question: "Can it hang?",
    mark: bad ? "bad" : told === 0 ? "none" : "good",
    words: bad ? "Yes" : told === 0 ? "Not known" : "Not seen",
    sentences,
    link: hung + wedged > 0 ? "#hangs" : "#explorer",
  };
}

// Of each implementation the worst board and setting: a median over boards would hide it.
function worstByImplementation(points: Point[]): [string, number][] {
  const worst = new Map<string, number>();
  for (const point of points) {
    if (point.p99 !== null) worst.set(point.implementation, Math.max(worst.get(point.implementation) ?? 0, point.p99));
  }
  return [...worst].sort((a, b) => a[1] - b[1]);
}

function speed(sweep: Sweep): Answer {
  const scenarios = distinct(sweep.points.map((point) => point.scenario))
    .map((scenario) => ({
      scenario,
      worst: worstByImplementation(sweep.points.filter((point) => point.scenario === scenario)),
    }))
    .filter((each) => each.worst.length > 0)
    .sort((a, b) => b.worst.length - a.worst.length);
  const first = scenarios[0];
  const best = first?.worst[0];
  if (!first || !best) {
    return {
      question: "How long does it take?",
      mark: "none",
      words: "Not measured",
      sentences: ["No trial completed, so there is no latency to show."],
      link: "#results",
    };
  }
  const last = first.worst[first.worst.length - 1];
  const sentences = [
    `In ${first.scenario}, on the board and setting where it is slowest, 99 of 100 calls of ${best[0]} took at most ${nanos(best[1])}${last && last !== best ? `; the slowest implementation, ${last[0]}, needs ${nanos(last[1])}.` : "."}`,
  ];
  if (scenarios.length > 1)
    sentences.push(
      `${count(scenarios.length - 1)} more ${scenarios.length === 2 ? "scenario is" : "scenarios are"} shown below.`,
    );
  return {
    question: "How long does it take?",
    mark: "none",
    words: `p99 ${nanos(best[1])} at best`,
    sentences,
    link: "#latency",
  };
}

function change(report: Report): Answer {
  const question = "Did it change?";
  if (!report.baseline)
    return {
      question,
      mark: "none",
      words: "Not compared",
      sentences: ["No baseline was chosen."],
      link: "#comparison",
    };
  const compared = judge(report.sweep, report.baseline);
  if (compared.length === 0)
    return {
      question,
      mark: "warn",
      words: "Cannot be compared",
      sentences: [`${shortName(report.baseline.name)} has no completed point in common with this sweep.`],
      link: "#comparison",
    };
  const of = (word: string): number => compared.filter((each) => each.word === word).length;
  const slower = of("slower");
  const worse = of("now fails");
  const worst = compared.filter((each) => each.word === "slower")[0];
  const sentences = [
    `Against ${shortName(report.baseline.name)}: ${count(slower)} slower, ${count(of("faster"))} faster, ${count(of("same"))} the same, ${count(of("unclear"))} unclear, of ${plural(compared.length, "point")} in common.`,
  ];
  if (worse > 0) sentences.push(`${plural(worse, "point")} that completed then, did not now.`);
  if (worst)
    sentences.push(
      `Worst: ${worst.point.scenario}, ${worst.point.implementation} on ${worst.point.board}, p99 × ${worst.ratio?.toFixed(2) ?? ""}.`,
    );
  return {
    question,
    mark: slower + worse > 0 ? "bad" : "good",
    words: slower + worse > 0 ? "Yes, for the worse" : "Not for the worse",
    sentences,
    link: "#comparison",
  };
}

function trust(sweep: Sweep): Answer {
  const progress = sweep.progress;
  const open = progress.pending + progress.running;
  const measured = sweep.points.filter((point) => point.ipis_expected !== null && point.completed > 0);
  const seen = measured.reduce((sum, point) => sum + (point.ipis_seen ?? 0), 0);
  const expected = measured.reduce((sum, point) => sum + (point.ipis_expected ?? 0), 0);
  const violations = sweep.points.reduce((sum, point) => sum + point.violations, 0);
  const sentences = [
    open > 0
      ? `The sweep has not ended: ${plural(open, "trial")} of ${count(progress.total)} still to come.`
      : `${percent(sweep.coverage)} of the trials that could run told something.`,
  ];
  if (expected > 0)
    sentences.push(`${count(seen)} of ${count(expected)} expected interrupts were seen in completed trials.`);
  if (progress.invalid_attempts + progress.lost_attempts > 0)
    sentences.push(
      `${plural(progress.invalid_attempts, "attempt")} had invalid numbers and ${count(progress.lost_attempts)} lost contact; none of them counts.`,
    );
  if (violations > 0) sentences.push(`${plural(violations, "call")} came back with a wrong value.`);
  const silent = sweep.boards.filter((board) => board.told === 0 && board.trials > board.open);
  if (silent.length > 0)
    sentences.push(
      `Nothing came from ${silent
        .map((board) => board.name)
        .slice(0, 3)
        .join(", ")}${silent.length > 3 ? ", …" : ""}.`,
    );
  const mark: Mark =
    violations > 0 || (sweep.coverage < 0.5 && open === 0)
      ? "bad"
      : sweep.coverage < 0.95 || open > 0 || seen < expected
        ? "warn"
        : "good";
  return {
    question: "Can the numbers be trusted?",
    mark,
    words: mark === "good" ? "Yes" : mark === "warn" ? "With care" : "No",
    sentences,
    link: mark === "good" ? "#interrupts" : "#invalid",
  };
}

export function summary(report: Report): HTMLElement {
  const answers = [hangs(report.sweep), speed(report.sweep), change(report), trust(report.sweep)];
  return el(
    "section",
    { id: "summary", "aria-labelledby": "summary-title" },
    el("h2", { id: "summary-title" }, "Summary"),
    el(
      "div",
      { class: "cards" },
      ...answers.map((answer) =>
        el(
          "article",
          { class: "card" },
          el("h3", {}, answer.question),
          el("p", { class: "answer" }, badge(answer.mark, answer.words)),
          ...answer.sentences.map((sentence) => el("p", {}, breakable(sentence))),
          el("p", { class: "more" }, el("a", { href: answer.link }, "Show why")),
        ),
      ),
    ),
    ...(report.sweep.left_out.length > 0
      ? [
          el(
            "div",
            { class: "notice" },
            el("h3", {}, "What this page leaves out"),
            el("ul", {}, ...report.sweep.left_out.map((text) => el("li", {}, text))),
          ),
        ]
      : []),
  );
}
