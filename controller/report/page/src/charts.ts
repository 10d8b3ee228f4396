// Charts: drawn when they come near the window, again when colours or widths change, and all of them for the printer.
import { BarChart, GraphChart, HeatmapChart, LineChart, ScatterChart } from "echarts/charts";
import {
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  TooltipComponent,
  VisualMapContinuousComponent,
} from "echarts/components";
import * as echarts from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { el } from "./dom";
import { nanos } from "./format";
import { isPrinting, onPaletteChange, palette, type Palette } from "./theme";

echarts.use([
  BarChart,
  GraphChart,
  HeatmapChart,
  LineChart,
  ScatterChart,
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  TooltipComponent,
  VisualMapContinuousComponent,
  SVGRenderer,
]);

export interface Drawing {
  title: string;
  // What a person sees who does not see it.
  says: string;
  // Of what is given; the width is what there is, up to `widest`.
  height: number | ((width: number) => number);
  widest?: number;
  option: (colours: Palette, width: number) => echarts.EChartsCoreOption;
  // The same in numbers; made when it is opened.
  numbers?: () => HTMLElement;
}

const PRINT_WIDTH = 680;
// One that can be measured before it is drawn.
const FONT = 'system-ui, "Segoe UI", "DejaVu Sans", sans-serif';

interface Canvas {
  box: HTMLElement;
  drawing: Drawing;
  chart: echarts.ECharts | null;
  // Of the box, when it was drawn last.
  width: number;
}

const canvases = new Map<HTMLElement, Canvas>();

function heightOf(drawing: Drawing, width: number): number {
  return typeof drawing.height === "number" ? drawing.height : drawing.height(width);
}

function draw(canvas: Canvas): void {
  const width = Math.min(isPrinting() ? PRINT_WIDTH : canvas.box.clientWidth, canvas.drawing.widest ?? Infinity);
  if (width === 0) return;
  const height = heightOf(canvas.drawing, width);
  canvas.box.style.height = `${height}px`;
  const colours = palette();
  canvas.width = canvas.box.clientWidth;
  canvas.chart ??= echarts.init(canvas.box, null, { renderer: "svg", width, height });
  canvas.chart.resize({ width, height });
  canvas.chart.setOption(
    {
      animation: false,
      textStyle: { fontFamily: FONT, color: colours.text },
      ...canvas.drawing.option(colours, width),
    },
    true,
  );
  canvas.box.dataset["drawn"] = "yes";
}

function dropDetached(): void {
  for (const [box, canvas] of canvases) {
    if (box.isConnected) continue;
    canvas.chart?.dispose();
    canvases.delete(box);
    near.unobserve(box);
    sizes.unobserve(box);
  }
}

const near = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) {
      const canvas = canvases.get(entry.target as HTMLElement);
      if (canvas && entry.isIntersecting && !canvas.chart) draw(canvas);
    }
  },
  { rootMargin: "600px" },
);

const sizes = new ResizeObserver((entries) => {
  for (const entry of entries) {
    const canvas = canvases.get(entry.target as HTMLElement);
    if (canvas?.chart && !isPrinting() && canvas.width !== canvas.box.clientWidth) draw(canvas);
  }
});

function drawAll(onlyDrawn: boolean): void {
  dropDetached();
  for (const canvas of canvases.values()) {
    if (!onlyDrawn || canvas.chart) draw(canvas);
  }
}

onPaletteChange(() => drawAll(!isPrinting()));
addEventListener("beforeprint", () => drawAll(false));
addEventListener("afterprint", () => drawAll(true));

export function figure(drawing: Drawing): HTMLElement {
  const box = el("div", {
    class: "chart",
    role: "img",
    "aria-label": `${drawing.title}. ${drawing.says}`,
    style: `height:${heightOf(drawing, 1000)}px`,
  });
  const canvas: Canvas = { box, drawing, chart: null, width: 0 };
  canvases.set(box, canvas);
  // Once it is in the page.
  queueMicrotask(() => {
    dropDetached();
    near.observe(box);
    sizes.observe(box);
  });
  const parts: HTMLElement[] = [el("figcaption", {}, drawing.title), box];
  const numbers = drawing.numbers;
  if (numbers) {
    const details = el(
      "details",
      {
        toggle: () => {
          if (details.open && details.childElementCount === 1) details.append(numbers());
        },
      },
      el("summary", {}, "The same in numbers"),
    );
    parts.push(details);
  }
  return el("figure", {}, ...parts);
}

// What the axes of all charts share.
export function axis(colours: Palette, name: string): Record<string, unknown> {
  return {
    name,
    nameLocation: "middle",
    nameTextStyle: { color: colours.faint },
    axisLine: { lineStyle: { color: colours.faint } },
    axisLabel: { color: colours.faint, hideOverlap: true },
    splitLine: { lineStyle: { color: colours.line } },
  };
}

const STEPS = [1, 2, 5];
function ticks(low: number, high: number): number[] {
  const decades = Math.log10(high / low);
  const steps = decades > 4 ? [1] : decades > 2.5 ? [1, 3] : STEPS;
  const values: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++)
    values.push(...steps.map((step) => step * 10 ** power));
  return values.filter((value) => value >= low && value <= high);
}

// Spans on a logarithmic axis that ends where they do.
export function spanAxis(colours: Palette, name: string, spans: number[]): Record<string, unknown> {
  const known = spans.filter((span) => span > 0);
  const low = Math.max(Math.min(...known) / 1.15, 1);
  const high = Math.max(Math.max(...known) * 1.15, low * 2);
  const customValues = ticks(low, high);
  return {
    ...axis(colours, name),
    type: "log",
    min: low,
    max: high,
    axisTick: { customValues },
    splitLine: { show: true, lineStyle: { color: colours.line } },
    axisLabel: { color: colours.faint, hideOverlap: true, customValues, formatter: nanos },
  };
}

export function tooltip(colours: Palette): Record<string, unknown> {
  return {
    confine: true,
    backgroundColor: colours.ground,
    borderColor: colours.faint,
    textStyle: { color: colours.text, fontSize: 12 },
  };
}

// Tooltips are markup: data in them is escaped.
export function escape(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
