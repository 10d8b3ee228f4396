// This sweep beside a baseline: what got slower, and whether that is more than noise.
import { escape, figure, spanAxis, tooltip } from "../charts";
import { judge, type Compared } from "../comparison";
import { distinct, type Report, type Sweep } from "../data";
import { badge, el, nothing, section, type Mark } from "../dom";
import { nanos, ratio, shortName } from "../format";
import { legend } from "../lines";
import { table } from "../table";

const MARKS: Record<Compared["word"], Mark> = {
  slower: "bad",
  "now fails": "bad",
  unclear: "none",
  "fails as before": "warn",
  same: "none",
  faster: "good",
  "now completes": "good",
};

function noneInCommon(now: Sweep, before: Sweep): HTMLElement {
  const axes: [string, (sweep: Sweep) => string[]][] = [
    ["scenarios", (sweep) => distinct(sweep.points.map((point) => point.scenario))],
    ["implementations", (sweep) => distinct(sweep.points.map((point) => point.implementation))],
    ["boards", (sweep) => distinct(sweep.points.map((point) => point.board))],
    ["parameter sets", (sweep) => distinct(sweep.points.map((point) => point.parameters))],
    ["CPU lists", (sweep) => distinct(sweep.points.map((point) => point.cpus))],
  ];
  return el(
    "div",
    { class: "notice" },
    el(
      "p",
      {},
      `No completed point of this sweep is also one of ${shortName(before.name)}, so nothing can be compared. In common they have:`,
    ),
    el(
      "ul",
      {},
      ...axes.map(([name, of]) => {
        const former = new Set(of(before));
        const here = of(now);
        return el("li", {}, `${here.filter((value) => former.has(value)).length} of ${here.length} ${name}`);
      }),
    ),
  );
}

// Each point is a dot: then across, now upwards; on the line nothing has changed.
function scatter(compared: Compared[], baseline: string): HTMLElement {
  const dots = compared.filter((each) => each.ratio !== null);
  const looks: [Compared["word"], number, string][] = [
    ["slower", 1, "triangle"],
    ["faster", 2, "diamond"],
    ["unclear", 3, "rect"],
    ["same", 6, "circle"],
  ];
  const all = dots.flatMap((each) => [each.point.p99 ?? 1, each.before.p99 ?? 1]);
  return figure({
    title: "p99 now over p99 then",
    says: looks.map(([word]) => `${dots.filter((each) => each.word === word).length} ${word}`).join(", "),
    height: 460,
    widest: 640,
    option: (colours) => ({
      grid: { left: 84, right: 24, top: 16, bottom: 92 },
      legend: legend(colours),
      tooltip: { ...tooltip(colours), formatter: (item: { name: string }) => escape(item.name) },
      xAxis: { ...spanAxis(colours, `p99 in ${baseline}`, all), nameGap: 30 },
      yAxis: { ...spanAxis(colours, "p99 in this sweep", all), nameGap: 64 },
      series: looks.map(([word, colour, symbol], i) => ({
        name: word,
        type: "scatter",
        symbol,
        symbolSize: word === "same" ? 6 : 10,
        itemStyle: { color: colours.states[colour], opacity: 0.85 },
        data: dots
          .filter((each) => each.word === word)
          .slice(0, 2000)
          .map((each) => ({
            value: [each.before.p99, each.point.p99],
            name: `${each.point.scenario}, ${each.point.implementation}, ${each.point.board}: ${nanos(each.before.p99)} then, ${nanos(each.point.p99)} now`,
          })),
        ...(i === 0
          ? {
              markLine: {
                silent: true,
                symbol: "none",
                label: { show: true, formatter: "no change", color: colours.faint, position: "insideEndTop" },
                lineStyle: { color: colours.faint, type: "dashed" },
                data: [
                  [{ coord: [Math.min(...all), Math.min(...all)] }, { coord: [Math.max(...all), Math.max(...all)] }],
                ],
              },
            }
          : {}),
      })),
    }),
  });
}

export function comparison(report: Report): HTMLElement {
  const question =
    "Did it get slower since the baseline? Slower and faster are said only where the p99 of at least three repetitions each differ by a tenth and their ranges do not touch.";
  const before = report.baseline;
  if (!before)
    return section(
      "comparison",
      "Comparison",
      question,
      nothing("No baseline was chosen: crosscallctl report SWEEP --baseline SWEEP."),
    );
  const compared = judge(report.sweep, before);
  const name = shortName(before.name);
  if (compared.length === 0) return section("comparison", "Comparison", question, noneInCommon(report.sweep, before));
  const former = new Set(before.points.filter((point) => point.system !== "explore").map((point) => point.board));
  const gone = [...former].filter((board) => !report.sweep.points.some((point) => point.board === board));
  return section(
    "comparison",
    "Comparison",
    question,
    ...(gone.length > 0 ? [el("p", { class: "notice" }, `In ${name} but not in this sweep: ${gone.join(", ")}.`)] : []),
    ...(compared.some((each) => each.ratio !== null) ? [scatter(compared, name)] : []),
    table({
      caption: `Points in common with ${name}, largest change first`,
      rows: compared,
      filter: true,
      columns: [
        { title: "Scenario", value: (each) => each.point.scenario },
        { title: "Implementation", value: (each) => each.point.implementation },
        { title: "Board", value: (each) => each.point.board },
        { title: "CPUs", value: (each) => each.point.cpus, optional: true },
        { title: "Parameters", value: (each) => each.point.parameters, optional: true },
        { title: "Change", value: (each) => each.word, show: (each) => badge(MARKS[each.word], each.word) },
        {
          title: "p99 ratio",
          numeric: true,
          value: (each) => each.ratio,
          show: (each) => (each.ratio === null ? "–" : ratio(each.ratio)),
        },
        {
          title: "p50 ratio",
          numeric: true,
          value: (each) => each.median,
          show: (each) => (each.median === null ? "–" : ratio(each.median)),
        },
        { title: "p99 then", numeric: true, value: (each) => each.before.p99, show: (each) => nanos(each.before.p99) },
        { title: "p99 now", numeric: true, value: (each) => each.point.p99, show: (each) => nanos(each.point.p99) },
        { title: "Repetitions", value: (each) => `${each.before.repetitions} / ${each.point.repetitions}` },
      ],
    }),
  );
}
