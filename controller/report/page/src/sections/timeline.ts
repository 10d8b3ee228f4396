// The last steps of all CPUs before nobody moved: a lane a CPU, and behind its last step how long it has waited since.
import { axis, escape, figure, tooltip } from "../charts";
import type { Hang } from "../data";
import { nanos } from "../format";
import { table } from "../table";
import type { Palette } from "../theme";

// Drawn of them; more would cover each other.
const DRAWN = 32;
const DRAWN_NARROW = 10;
type Stamp = Hang["stamps"][number];

function words(stamp: Stamp): string {
  const peer = stamp.peer === stamp.cpu || stamp.peer === 0xffff ? "" : `, with CPU ${stamp.peer}`;
  return `${stamp.stage} of call ${stamp.call} of CPU ${stamp.caller}${peer}`;
}

function cpus(list: number[]): string {
  return list.map((cpu) => `CPU ${cpu}`).join(", ");
}

function lanesOption(
  hang: Hang,
  stamps: Stamp[],
  lanes: number[],
  narrow: boolean,
  colours: Palette,
): Record<string, unknown> {
  // Before the last step time is to scale; the wait is so much longer than the steps that it gets a strip of its own.
  const last = stamps.at(-1)?.at ?? 0;
  const span = Math.max(last - (stamps[0]?.at ?? last), 1);
  const edge = span * (narrow ? 0.5 : 0.3);
  const lane = (cpu: number): number => lanes.indexOf(cpu);
  // Labels of one lane go up and down in turn, so that near ones do not cover each other.
  const turns = new Map<number, number>();
  return {
    grid: { left: 64, right: 16, top: 12, bottom: 56 },
    tooltip: { ...tooltip(colours), formatter: (item: { name: string }) => escape(item.name) },
    xAxis: {
      ...axis(colours, narrow ? "Time; then the wait" : "Time before the last step; then the wait, not to scale"),
      nameGap: 32,
      type: "value",
      min: -span * 1.05,
      max: edge,
      axisLabel: {
        color: colours.faint,
        hideOverlap: true,
        showMinLabel: false,
        showMaxLabel: false,
        formatter: (value: number) => (value > 0 ? "" : value === 0 ? "0" : `-${nanos(-value)}`),
      },
    },
    yAxis: {
      type: "category",
      inverse: true,
      data: lanes.map((cpu) => `CPU ${cpu}`),
      axisLabel: { color: colours.text },
      splitLine: { show: true, lineStyle: { color: colours.line } },
    },
    series: [
      ...hang.waits.map((wait) => {
        const since = (stamps.filter((stamp) => stamp.cpu === wait.cpu).at(-1)?.at ?? last) - last;
        const name = `CPU ${wait.cpu} waits for ${cpus(wait.for)} (${wait.site}), ${nanos(wait.waited)}`;
        const at = (x: number, symbol: string): Record<string, unknown> => ({
          value: [x, lane(wait.cpu)],
          name,
          symbol,
          symbolSize: 16,
          symbolRotate: -90,
        });
        return {
          type: "line",
          name,
          itemStyle: { color: colours.states[1] },
          lineStyle: { color: colours.states[1], width: 5, type: "solid" },
          data: [
            at(since, "none"),
            {
              ...at(edge * 0.5, "circle"),
              symbolSize: 1,
              label: {
                show: true,
                position: "bottom",
                distance: 6,
                color: colours.text,
                fontSize: 11,
                formatter: narrow
                  ? `for CPU ${wait.for.join(",")}`
                  : `waits ${nanos(wait.waited)} for CPU ${wait.for.join(", ")}`,
              },
            },
            at(edge * 0.97, "triangle"),
          ],
        };
      }),
      {
        type: "scatter",
        symbolSize: 9,
        itemStyle: { color: colours.states[0], borderColor: colours.ground, borderWidth: 1 },
        labelLayout: { hideOverlap: true },
        data: stamps.map((stamp) => {
          const turn = (turns.get(stamp.cpu) ?? 0) + 1;
          turns.set(stamp.cpu, turn);
          return {
            value: [stamp.at - last, lane(stamp.cpu)],
            name: `CPU ${stamp.cpu}, ${nanos(last - stamp.at)} before the last step: ${words(stamp)}`,
            label: {
              show: true,
              position: turn % 2 === 0 ? "bottom" : "top",
              formatter: stamp.stage,
              color: colours.text,
              fontSize: 10,
            },
          };
        }),
      },
    ],
  };
}

export function timeline(hang: Hang): HTMLElement {
  const kept = hang.stamps.slice(-DRAWN);
  const lanes = [...new Set([...hang.cpus.map((cpu) => cpu.cpu), ...kept.map((stamp) => stamp.cpu)])].sort(
    (a, b) => a - b,
  );
  return figure({
    title: "The last steps, and who has waited since",
    says: `${kept
      .slice(-8)
      .map((stamp) => `CPU ${stamp.cpu}: ${words(stamp)}`)
      .join(
        ". ",
      )}. Then ${hang.waits.map((wait) => `CPU ${wait.cpu} waited ${nanos(wait.waited)} for ${cpus(wait.for)}`).join("; ")}.`,
    height: 110 + Math.max(lanes.length, 2) * 62,
    option: (colours, width) => {
      const narrow = width < 560;
      return lanesOption(hang, narrow ? kept.slice(-DRAWN_NARROW) : kept, lanes, narrow, colours);
    },
    numbers: () =>
      table({
        caption:
          hang.stamps.length < hang.stamp_total
            ? `The last ${hang.stamps.length} of ${hang.stamp_total} steps`
            : "All steps that were kept",
        rows: hang.stamps,
        columns: [
          {
            title: "Since the trial began",
            numeric: true,
            value: (stamp) => stamp.at,
            show: (stamp) => `${stamp.at.toLocaleString("en-US")} ns`,
          },
          { title: "CPU", numeric: true, value: (stamp) => stamp.cpu },
          { title: "Step", value: words },
        ],
      }),
  });
}
