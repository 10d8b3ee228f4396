// Where the time goes: the mean of each interval between stamps, which is what adds up.
import { axis, escape, figure, tooltip } from "../charts";
import { distinct, settingOf, type Series, type Stage, type Sweep } from "../data";
import { choice, el, nothing, section } from "../dom";
import { count, nanos } from "../format";
import { legend, legendSpace } from "../lines";
import { table } from "../table";

// Those that follow each other in one call; the other intervals overlap them and stand in the table only.
const CHAIN = [
  "enter → claim",
  "claim → publish",
  "publish → kicked",
  "kicked → ipi_entry",
  "ipi_entry → drain",
  "drain → fn_entry",
  "fn_entry → fn_exit",
  "fn_exit → complete",
  "complete → observed",
];

function inOrder(stages: Stage[]): Stage[] {
  const place = (stage: Stage): number => (CHAIN.includes(stage.name) ? CHAIN.indexOf(stage.name) : CHAIN.length);
  return [...stages].sort((a, b) => place(a) - place(b));
}

function bars(lines: Series[]): HTMLElement {
  const stages = CHAIN.filter((name) => lines.some((line) => line.stages.some((stage) => stage.name === name)));
  const mean = (line: Series, name: string): number => line.stages.find((stage) => stage.name === name)?.mean ?? 0;
  const longest = Math.max(...lines.map((line) => stages.reduce((sum, name) => sum + mean(line, name), 0)));
  // Named in the bar where there is room.
  const bar = (line: Series, name: string, width: number): Record<string, unknown> => ({
    value: mean(line, name),
    label: {
      show: width > 700 && mean(line, name) > longest * 0.08,
      formatter: name.split(" → ")[1] ?? "",
      color: "#000",
      backgroundColor: "rgba(255,255,255,0.8)",
      padding: [1, 3],
      borderRadius: 2,
      fontSize: 11,
    },
  });
  return figure({
    title: "Mean time in each stage of a call",
    says: lines
      .slice(0, 4)
      .map((line) => `${line.implementation}: ${stages.map((name) => `${name} ${nanos(mean(line, name))}`).join(", ")}`)
      .join(". "),
    height: (width) => 64 + 34 * lines.length + legendSpace(stages, width),
    option: (colours, width) => ({
      grid: { left: width < 600 ? 16 : 300, right: 24, top: 8, bottom: 52 + legendSpace(stages, width) },
      legend: legend(colours),
      tooltip: {
        ...tooltip(colours),
        trigger: "item",
        formatter: (item: { name: string; seriesName: string; value: number }) =>
          `${escape(item.name)}<br>${escape(item.seriesName)}: ${nanos(item.value)}`,
      },
      xAxis: {
        ...axis(colours, "Mean time, one after the other"),
        nameGap: 32,
        type: "value",
        axisLabel: { color: colours.faint, hideOverlap: true, formatter: nanos },
      },
      yAxis: {
        type: "category",
        inverse: true,
        data: lines.map((line) => line.implementation),
        axisLine: { lineStyle: { color: colours.faint } },
        axisLabel:
          width < 600
            ? { inside: true, color: colours.text, backgroundColor: colours.ground, padding: 2, z: 10, fontSize: 10 }
            : { color: colours.text, width: 284, overflow: "truncate" },
        z: width < 600 ? 10 : 0,
      },
      series: stages.map((name, i) => ({
        name,
        type: "bar",
        stack: "call",
        barMaxWidth: 22,
        data: lines.map((line) => bar(line, name, width)),
        itemStyle: { color: colours.states[i] ?? colours.text, borderColor: colours.ground, borderWidth: 1 },
      })),
    }),
  });
}

export function stages(sweep: Sweep): HTMLElement {
  const question =
    "In which step of a call does the time go? Bars show means, since only means add up; quantiles are in the table.";
  const usable = sweep.series.filter((series) => series.stages.length > 0);
  if (usable.length === 0)
    return section("stages", "Stages", question, nothing("No completed trial has stage intervals."));
  const keyOf = (series: Series): string => [series.scenario, settingOf(series)].filter(Boolean).join(", ");
  const keys = distinct(usable.map(keyOf));
  let key = keys[0] ?? "";
  let board = "";
  const place = el("div");
  function draw(): void {
    const boards = distinct(usable.filter((series) => keyOf(series) === key).map((series) => series.board));
    if (!boards.includes(board)) board = boards[0] ?? "";
    const lines = usable
      .filter((series) => keyOf(series) === key && series.board === board)
      .sort((a, b) => a.p50 - b.p50);
    const rows = lines.flatMap((line) =>
      inOrder(line.stages).map((stage) => ({ implementation: line.implementation, stage })),
    );
    const span = (title: string, of: (row: (typeof rows)[number]) => number) => ({
      title,
      numeric: true,
      value: of,
      show: (row: (typeof rows)[number]) => nanos(of(row)),
    });
    place.replaceChildren(
      el(
        "div",
        { class: "tools" },
        choice("Scenario", keys, key, (value) => {
          key = value;
          draw();
        }),
        choice("Board", boards, board, (value) => {
          board = value;
          draw();
        }),
      ),
      bars(lines.slice(0, 16)),
      ...(lines.length > 16
        ? [
            el(
              "p",
              { class: "note" },
              `Drawn are the 16 implementations with the lowest p50 of ${lines.length}; the table has all.`,
            ),
          ]
        : []),
      table({
        caption: "Intervals between stages",
        rows,
        filter: true,
        pageSize: 11,
        columns: [
          { title: "Implementation", value: (row) => row.implementation },
          { title: "Interval", value: (row) => row.stage.name },
          { title: "Count", numeric: true, value: (row) => row.stage.count, show: (row) => count(row.stage.count) },
          span("Mean", (row) => row.stage.mean),
          span("p50", (row) => row.stage.p50),
          span("p99", (row) => row.stage.p99),
          span("Maximum", (row) => row.stage.max),
        ],
      }),
    );
  }
  draw();
  return section("stages", "Stages", question, place);
}
