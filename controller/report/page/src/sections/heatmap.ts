// Latency from CPU to CPU, ordered by NUMA node and number.
import { axis, escape, figure, tooltip } from "../charts";
import { distinct, settingOf, type HeatMap, type Sweep } from "../data";
import { choice, el, nothing, section } from "../dom";
import { count, nanos } from "../format";
import { table } from "../table";
import type { Palette } from "../theme";

type Stat = "p50" | "p99";

function worst(map: HeatMap, stat: Stat): { value: number; from: string; to: string } {
  const size = map.rows.length;
  let at = -1;
  map[stat].forEach((value, i) => {
    if (value !== null && value > (at < 0 ? -1 : (map[stat][at] ?? -1))) at = i;
  });
  return {
    value: map[stat][at] ?? 0,
    from: map.rows[Math.floor(at / size)]?.label ?? "",
    to: map.rows[at % size]?.label ?? "",
  };
}

function nodeLines(map: HeatMap): string[] {
  return distinct(map.rows.map((row) => row.node)).map((node) => {
    const rows = map.rows.filter((row) => row.node === node);
    return `${node < 0 ? "NUMA node unknown" : `NUMA node ${node}`}: CPUs ${rows[0]?.label ?? ""}${rows.length > 1 ? ` to ${rows[rows.length - 1]?.label ?? ""}` : ""}`;
  });
}

function picture(map: HeatMap, stat: Stat): HTMLElement {
  const size = map.rows.length;
  const values = map[stat].filter((value): value is number => value !== null);
  const low = Math.log10(Math.max(Math.min(...values), 1));
  // Over a factor of two at least: noise must not look like distance.
  const high = Math.max(Math.log10(Math.max(...values, 1)), low + Math.log10(2));
  const top = worst(map, stat);
  // An empty row and column between two nodes.
  const places: number[] = [];
  const labels: string[] = [];
  map.rows.forEach((row, i) => {
    if (i > 0 && row.node !== map.rows[i - 1]?.node) labels.push("");
    places.push(labels.push(row.label) - 1);
  });
  const cells = map[stat].flatMap((value, i) => {
    if (value === null) return [];
    const log = Math.log10(Math.max(value, 1));
    // Dark ink on the light end of the scale.
    return [
      {
        value: [places[i % size], places[Math.floor(i / size)], log, value],
        label: { color: (log - low) / (high - low) > 0.55 ? "#000" : "#fff" },
      },
    ];
  });
  const categories = (colours: Palette, name: string): Record<string, unknown> => ({
    ...axis(colours, name),
    type: "category",
    data: labels,
    splitLine: { show: false },
    axisLine: { show: false },
    axisTick: { show: false },
    axisLabel: { color: colours.faint, interval: size > 24 ? Math.floor(size / 16) : 0, hideOverlap: true },
  });
  return figure({
    title: `${stat} of calls between CPUs`,
    says: `Slowest: from CPU ${top.from} to CPU ${top.to}, ${nanos(top.value)}. Fastest: ${nanos(Math.min(...values))}. ${nodeLines(map).join(". ")}.`,
    height: (width) => 110 + Math.min(Math.max(labels.length * 34, 200), Math.max(width - 100, 200), 760),
    widest: Math.min(Math.max(labels.length * 74, 420) + 100, 1000),
    option: (colours, width) => ({
      grid: { left: 74, right: 10, top: 10, bottom: 92 },
      tooltip: {
        ...tooltip(colours),
        formatter: (item: { value: number[] }) =>
          `from CPU ${escape(labels[item.value[1] ?? 0] ?? "")} to CPU ${escape(labels[item.value[0] ?? 0] ?? "")}<br>${stat} ${nanos(item.value[3])}`,
      },
      visualMap: {
        type: "continuous",
        min: low,
        max: high,
        dimension: 2,
        calculable: false,
        orient: "horizontal",
        left: "center",
        bottom: 0,
        itemHeight: Math.min(260, width - 180),
        itemWidth: 14,
        inRange: { color: colours.heat },
        text: [`${nanos(10 ** high)} slow`, `fast ${nanos(10 ** low)}`],
        textStyle: { color: colours.text },
      },
      xAxis: { ...categories(colours, "called CPU"), nameGap: 28 },
      yAxis: { ...categories(colours, "calling CPU"), nameGap: 54, inverse: true },
      series: [
        {
          type: "heatmap",
          data: cells,
          progressive: 0,
          itemStyle: { borderColor: colours.ground, borderWidth: size <= 32 ? 1 : 0 },
          label: {
            show: size <= 12 && (width - 84) / labels.length > 56,
            formatter: (item: { value: number[] }) => nanos(item.value[3]),
            fontSize: 11,
          },
        },
      ],
    }),
    numbers: () => {
      const rows = map[stat].flatMap((value, i) =>
        value === null
          ? []
          : [
              {
                from: map.rows[Math.floor(i / size)]?.label ?? "",
                to: map.rows[i % size]?.label ?? "",
                p50: map.p50[i] ?? null,
                p99: map.p99[i] ?? null,
              },
            ],
      );
      return table({
        caption: "Latency between CPUs",
        rows,
        filter: true,
        sortBy: { column: "p99", descending: true },
        columns: [
          { title: "From", value: (row) => row.from },
          { title: "To", value: (row) => row.to },
          { title: "p50", numeric: true, value: (row) => row.p50, show: (row) => nanos(row.p50) },
          { title: "p99", numeric: true, value: (row) => row.p99, show: (row) => nanos(row.p99) },
        ],
      });
    },
  });
}

export function heatmap(sweep: Sweep): HTMLElement {
  const question = "Does it matter which CPU calls which? Rows call columns; CPUs stand by NUMA node, then by number.";
  if (sweep.heatmaps.length === 0)
    return section(
      "heatmap",
      "Between CPUs",
      question,
      nothing(
        "No completed trials of one board and implementation called between more than two CPUs. A sweep with `cpus: pairs` does.",
      ),
    );
  const keyOf = (map: HeatMap): string => [map.scenario, settingOf(map), map.board].filter(Boolean).join(", ");
  const keys = distinct(sweep.heatmaps.map(keyOf));
  let key = keys[0] ?? "";
  let implementation = "";
  let stat: Stat = "p50";
  const place = el("div");
  function draw(): void {
    const maps = sweep.heatmaps.filter((map) => keyOf(map) === key);
    const map = maps.find((each) => each.implementation === implementation) ?? maps[0];
    if (!map) return;
    implementation = map.implementation;
    place.replaceChildren(
      el(
        "div",
        { class: "tools" },
        choice("Where", keys, key, (value) => {
          key = value;
          draw();
        }),
        choice(
          "Implementation",
          maps.map((each) => each.implementation),
          implementation,
          (value) => {
            implementation = value;
            draw();
          },
        ),
        choice("Show", ["p50", "p99"], stat, (value) => {
          stat = value === "p99" ? "p99" : "p50";
          draw();
        }),
      ),
      ...(map.block > 1
        ? [
            el(
              "p",
              { class: "notice" },
              `Aggregated: ${count(map.cpus)} CPUs are too many to draw. Each cell stands for up to ${map.block} × ${map.block} pairs of CPUs and shows the slowest of them.`,
            ),
          ]
        : []),
      picture(map, stat),
      el("p", { class: "note" }, `${nodeLines(map).join(". ")}.`),
    );
  }
  draw();
  return section("heatmap", "Between CPUs", question, place);
}
