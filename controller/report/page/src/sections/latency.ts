// Whole distributions: percentile curves and histograms, one scenario, setting and board at a time.
import { axis, figure, spanAxis } from "../charts";
import { distinct, settingOf, type Series, type Sweep } from "../data";
import { choice, el, freshId, nothing, section } from "../dom";
import { count, nanos, quantileName } from "../format";
import { legendSpace, lineFrame, look } from "../lines";
import { table } from "../table";

const MOST_LINES = 8;
// Bins are 8 buckets of proto/shared/histogram.h.
export function binBound(bin: number): number {
  const index = bin * 8;
  if (index < 256) return index;
  const shift = Math.floor(index / 128) - 1;
  return (index - shift * 128) * 2 ** shift;
}

function curves(lines: Series[], quantiles: number[]): HTMLElement {
  const names = lines.map((line) => line.implementation);
  const points = (series: Series): [number, number][] =>
    quantiles
      // What fewer calls than one lie beyond was not measured.
      .map((q, i): [number, number, number] => [1 / (1 - q), series.curve[i] ?? 0, q])
      .filter(([beyond]) => beyond <= Math.max(series.count, 1))
      .map(([x, y]): [number, number] => [x, Math.max(y, 1)]);
  return figure({
    title: "Latency by percentile",
    says: lines
      .map(
        (line) => `${line.implementation}: p50 ${nanos(line.p50)}, p99 ${nanos(line.p99)}, maximum ${nanos(line.max)}`,
      )
      .join(". "),
    height: (width) => 370 + legendSpace(names, width),
    option: (colours, width) => ({
      ...lineFrame(colours, names, width, ([x, y]) => `${quantileName(1 - 1 / x)}: ${nanos(y)}`),
      xAxis: {
        ...axis(colours, "Share of calls that were at most that slow"),
        nameGap: 32,
        type: "log",
        min: 1,
        max: Math.max(...lines.flatMap((line) => points(line).map(([x]) => x)), 10),
        axisLabel: {
          color: colours.faint,
          hideOverlap: true,
          formatter: (value: number) => (value === 1 ? "min" : `${quantileName(1 - 1 / value).slice(1)} %`),
        },
      },
      yAxis: {
        ...spanAxis(
          colours,
          "Latency (log)",
          lines.flatMap((line) => points(line).map(([, y]) => y)),
        ),
        nameGap: 60,
      },
      series: lines.map((line, i) => {
        const style = look(colours, i);
        return {
          name: line.implementation,
          type: "line",
          data: points(line),
          symbol: style.symbol,
          symbolSize: 6,
          itemStyle: { color: style.color },
          lineStyle: { color: style.color, type: style.dash, width: 2 },
        };
      }),
    }),
    numbers: () =>
      table({
        caption: "Latency by percentile",
        rows: lines,
        columns: [
          { title: "Implementation", value: (line) => line.implementation },
          { title: "Calls", value: (line) => line.count, show: (line) => count(line.count), numeric: true },
          ...[0, 0.5, 0.9, 0.99, 0.999, 0.9999].map((q) => {
            const at = quantiles.indexOf(q);
            const value = (line: Series): number | null =>
              1 / (1 - q) <= Math.max(line.count, 1) ? (line.curve[at] ?? null) : null;
            return {
              title: q === 0 ? "Minimum" : quantileName(q),
              numeric: true,
              value,
              show: (line: Series) => nanos(value(line)),
            };
          }),
          { title: "Maximum", value: (line) => line.max, show: (line) => nanos(line.max), numeric: true },
        ],
      }),
  });
}

function histogram(lines: Series[]): HTMLElement {
  const names = lines.map((line) => line.implementation);
  // Bins are a sixteenth of a doubling, but wider below 128 ns: hence shares per such a bin.
  const steps = (line: Series): [number, number][] => {
    const data: [number, number][] = [];
    let end = 0;
    for (const [bin, n] of line.bins) {
      const low = Math.max(binBound(bin), 1);
      const high = Math.max(binBound(bin + 1), low + 1);
      const share = n / line.count / Math.log2(high / low) / 16;
      if (end > 0 && low > end) data.push([end, 0]);
      if (low !== end) data.push([low, 0]);
      data.push([low, share], [high, share]);
      end = high;
    }
    return [...data, [end, 0]];
  };
  return figure({
    title: "Histogram of latency",
    says: "How often which latency occurred, as share of the calls in bins of 4 %.",
    height: (width) => 370 + legendSpace(names, width),
    option: (colours, width) => ({
      ...lineFrame(colours, names, width, ([x, y]) => `${nanos(x)}: ${(y * 100).toPrecision(3)} % of the calls`),
      xAxis: {
        ...spanAxis(
          colours,
          "Latency (log)",
          lines.flatMap((line) => steps(line).map(([x]) => x)),
        ),
        nameGap: 32,
      },
      yAxis: {
        ...axis(colours, "Share of calls, bins of 4 %"),
        nameGap: 56,
        type: "value",
        axisLabel: { color: colours.faint, formatter: (value: number) => `${Math.round(value * 100)} %` },
      },
      series: lines.map((line, i) => {
        const style = look(colours, i);
        return {
          name: line.implementation,
          type: "line",
          data: steps(line),
          symbol: "none",
          itemStyle: { color: style.color },
          lineStyle: { color: style.color, type: style.dash, width: 1.5 },
          areaStyle: { color: style.color, opacity: 0.12 },
        };
      }),
    }),
  });
}

// The fastest, the slowest, and what lies between evenly.
function fewOf(lines: Series[]): Series[] {
  if (lines.length <= MOST_LINES) return lines;
  const chosen = new Set(
    Array.from({ length: MOST_LINES - 2 }, (_, i) => Math.round((i * (lines.length - 1)) / (MOST_LINES - 3))),
  );
  return lines.filter((_, i) => chosen.has(i));
}

function picker(all: Series[], chosen: Set<Series>, change: () => void): HTMLElement | null {
  if (all.length <= 1) return null;
  return el(
    "fieldset",
    { class: "picker" },
    el("legend", {}, `Implementations, fastest p99 first (up to ${MOST_LINES} at once)`),
    ...all.map((line) => {
      const id = freshId("line");
      const box = el("input", {
        type: "checkbox",
        id,
        checked: chosen.has(line),
        change: () => {
          if (box.checked && chosen.size >= MOST_LINES) box.checked = false;
          else if (box.checked) chosen.add(line);
          else chosen.delete(line);
          change();
        },
      });
      return el("span", { class: "pick" }, box, el("label", { for: id }, line.implementation));
    }),
  );
}

export function latency(sweep: Sweep, quantiles: number[]): HTMLElement {
  const question = "How long does a call take, from entry to return, and how bad are the rare ones?";
  const drawable = sweep.series.filter((series) => series.count > 0);
  if (drawable.length === 0)
    return section(
      "latency",
      "Latency",
      question,
      nothing("No trial completed with a distribution, so there is nothing to draw."),
    );
  const scenarios = distinct(drawable.map((series) => series.scenario));
  let scenario = scenarios[0] ?? "";
  let setting: string | null = null;
  let board: string | null = null;
  const place = el("div");
  function draw(): void {
    const ofScenario = drawable.filter((series) => series.scenario === scenario);
    const settings = distinct(ofScenario.map(settingOf));
    if (setting === null || !settings.includes(setting)) setting = settings[0] ?? "";
    const ofSetting = ofScenario.filter((series) => settingOf(series) === setting);
    const boards = distinct(ofSetting.map((series) => series.board));
    if (board === null || !boards.includes(board)) board = boards[0] ?? "";
    const all = ofSetting.filter((series) => series.board === board).sort((a, b) => a.p99 - b.p99);
    const chosen = new Set(fewOf(all));
    const charts = el("div", { class: "pair" });
    const show = (): void => {
      const lines = all.filter((line) => chosen.has(line));
      charts.replaceChildren(
        ...(lines.length === 0 ? [nothing("Choose an implementation.")] : [curves(lines, quantiles), histogram(lines)]),
      );
    };
    show();
    const tools = el(
      "div",
      { class: "tools" },
      choice("Scenario", scenarios, scenario, (value) => {
        scenario = value;
        draw();
      }),
      settings.length > 1
        ? choice("Setting", settings, setting, (value) => {
            setting = value;
            draw();
          })
        : null,
      choice("Board", boards, board, (value) => {
        board = value;
        draw();
      }),
    );
    place.replaceChildren(tools, ...[picker(all, chosen, show)].filter((each) => each !== null), charts);
  }
  draw();
  return section("latency", "Latency", question, place);
}
