// Latency over the number of CPUs that take part: of scenarios that call all others, the size of the mask.
import { axis, figure, spanAxis } from "../charts";
import { distinct, settingOf, type Point, type Sweep } from "../data";
import { choice, el, nothing, section } from "../dom";
import { nanos } from "../format";
import { legendSpace, lineFrame, look } from "../lines";
import { table } from "../table";

interface Line {
  implementation: string;
  points: Point[];
}

// Without the parameter that says how many CPUs there are.
function keyOf(point: Point): string {
  const parameters = point.parameters
    .split(" ")
    .filter((each) => !each.startsWith("cpus="))
    .join(" ");
  const { target_state, rate } = point;
  return [point.scenario, settingOf({ target_state, parameters, rate }), point.board].filter(Boolean).join(", ");
}

function curve(lines: Line[]): HTMLElement {
  const sizes = (line: Line): [number, number, number][] =>
    line.points.map((point) => [point.cpu_count - 1, point.p50 ?? 0, point.p99 ?? 0]);
  const names = lines.flatMap((line) => [`${line.implementation} p99`, `${line.implementation} p50`]);
  return figure({
    title: "Latency by number of other CPUs",
    says: lines
      .map(
        (line) =>
          `${line.implementation}: ${sizes(line)
            .map(([size, , p99]) => `${size} CPUs p99 ${nanos(p99)}`)
            .join(", ")}`,
      )
      .join(". "),
    height: (width) => 330 + legendSpace(names, width),
    option: (colours, width) => ({
      ...lineFrame(colours, names, width, ([x, y]) => `${x} other CPUs: ${nanos(y)}`),
      xAxis: { ...axis(colours, "Other CPUs"), nameGap: 30, type: "value", minInterval: 1, min: 0 },
      yAxis: {
        ...spanAxis(
          colours,
          "Latency (log)",
          lines.flatMap((line) => sizes(line).flatMap(([, p50, p99]) => [p50, p99])),
        ),
        nameGap: 60,
      },
      series: lines.flatMap((line, i) => {
        const style = look(colours, i);
        const one = (stat: string, at: 1 | 2, type: string) => ({
          name: `${line.implementation} ${stat}`,
          type: "line",
          symbol: style.symbol,
          symbolSize: 7,
          itemStyle: { color: style.color },
          lineStyle: { color: style.color, type, width: 2 },
          data: sizes(line).map((size) => [size[0], Math.max(size[at], 1)]),
        });
        return [one("p99", 2, "solid"), one("p50", 1, "dashed")];
      }),
    }),
    numbers: () =>
      table({
        caption: "Latency by number of other CPUs",
        rows: lines.flatMap((line) => line.points),
        columns: [
          { title: "Implementation", value: (point) => point.implementation },
          { title: "Other CPUs", numeric: true, value: (point) => point.cpu_count - 1 },
          { title: "p50", numeric: true, value: (point) => point.p50, show: (point) => nanos(point.p50) },
          { title: "p99", numeric: true, value: (point) => point.p99, show: (point) => nanos(point.p99) },
        ],
      }),
  });
}

export function masks(sweep: Sweep): HTMLElement {
  const question =
    "What does each further CPU cost? For a scenario that calls all others this is the size of the mask.";
  const groups = new Map<string, Map<string, Point[]>>();
  for (const point of sweep.points) {
    if (point.p99 === null || point.cpu_count < 2) continue;
    const key = keyOf(point);
    let lines = groups.get(key);
    if (!lines) groups.set(key, (lines = new Map()));
    const line = lines.get(point.implementation);
    if (line) line.push(point);
    else lines.set(point.implementation, [point]);
  }
  const curves = new Map<string, Line[]>();
  for (const [key, lines] of groups) {
    const long = [...lines]
      .map(([implementation, points]) => ({ implementation, points: points.sort((a, b) => a.cpu_count - b.cpu_count) }))
      .filter((line) => distinct(line.points.map((point) => point.cpu_count)).length > 1);
    if (long.length > 0) curves.set(key, long);
  }
  if (curves.size === 0)
    return section(
      "masks",
      "Mask size",
      question,
      nothing(
        "Each scenario ran with one number of CPUs. A sweep over the parameter `cpus` of broadcast, for example, has several.",
      ),
    );
  const keys = [...curves.keys()];
  let key = keys[0] ?? "";
  const place = el("div");
  function draw(): void {
    const lines = (curves.get(key) ?? []).sort((a, b) => (a.points.at(-1)?.p99 ?? 0) - (b.points.at(-1)?.p99 ?? 0));
    place.replaceChildren(
      el(
        "div",
        { class: "tools" },
        choice("Where", keys, key, (value) => {
          key = value;
          draw();
        }),
      ),
      curve(lines.slice(0, 6)),
      ...(lines.length > 6
        ? [
            el(
              "p",
              { class: "note" },
              `Drawn are the 6 implementations with the lowest p99 at most CPUs, of ${lines.length}.`,
            ),
          ]
        : []),
    );
  }
  draw();
  return section("masks", "Mask size", question, place);
}
