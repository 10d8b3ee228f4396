// What charts of several named lines have in common: how the lines look, and what stands around them.
import { escape, tooltip } from "./charts";
import type { Palette } from "./theme";

const DASHES: (string | number[])[] = ["solid", "dashed", "dotted", [8, 3, 2, 3]];
const SYMBOLS = ["circle", "rect", "triangle", "diamond"];

// The same implementation looks the same in each chart, and without colour.
export function look(colours: Palette, index: number): { color: string; dash: string | number[]; symbol: string } {
  const color = colours.states[index % colours.states.length] ?? colours.text;
  return { color, dash: DASHES[index % DASHES.length] ?? "solid", symbol: SYMBOLS[index % SYMBOLS.length] ?? "circle" };
}

export function legend(colours: Palette): Record<string, unknown> {
  return {
    bottom: 0,
    type: "plain",
    textStyle: { color: colours.text },
    itemWidth: 30,
    itemGap: 14,
    inactiveColor: colours.faint,
  };
}

// What the legend of these names needs below the plot, as they are laid out in rows.
export function legendSpace(names: string[], width: number): number {
  let rows = 1;
  let used = 0;
  for (const name of names) {
    const item = 30 + 5 + 14 + name.length * 7;
    if (used > 0 && used + item > width) {
      rows++;
      used = 0;
    }
    used += item;
  }
  return 8 + 25 * rows;
}

// Around a plot of named lines, and what is said of the item that is pointed at.
export function lineFrame(
  colours: Palette,
  names: string[],
  width: number,
  says: (at: [number, number]) => string,
): Record<string, unknown> {
  return {
    grid: { left: 78, right: 24, top: 16, bottom: 52 + legendSpace(names, width) },
    legend: legend(colours),
    tooltip: {
      ...tooltip(colours),
      trigger: "item",
      formatter: (item: { seriesName: string; value: [number, number] }) =>
        `${escape(item.seriesName)}<br>${says(item.value)}`,
    },
  };
}
