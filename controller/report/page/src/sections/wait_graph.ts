// Who waits for whom, drawn: an arrow from the waiting CPU to the one it waits for.
import { escape, figure, tooltip } from "../charts";
import { distinct, type Hang } from "../data";
import { nanos } from "../format";

export function waitGraph(hang: Hang): HTMLElement {
  const involved = distinct([...hang.waits.map((wait) => wait.cpu), ...hang.waits.flatMap((wait) => wait.for)]).sort(
    (a, b) => a - b,
  );
  const inCycle = new Set(hang.cycle);
  const edges = hang.waits.flatMap((wait) => wait.for.map((target) => ({ wait, target })));
  const closes = (from: number, to: number): boolean =>
    hang.cycle.some((cpu, i) => cpu === from && hang.cycle[(i + 1) % hang.cycle.length] === to);
  const height = involved.length > 6 ? 420 : involved.length > 2 ? 300 : 200;
  // In pixels: the layout of the library would stretch two nodes on one line to nothing.
  return figure({
    title: "Who waits for whom",
    says: edges
      .map(({ wait, target }) => `CPU ${wait.cpu} waits for CPU ${target}, ${wait.site}, ${nanos(wait.waited)}`)
      .join(". "),
    height,
    option: (colours, width) => {
      const radius = involved.length === 2 ? Math.min(width / 2 - 50, 180) : Math.min(width / 2 - 50, height / 2 - 45);
      const at = (i: number): [number, number] => {
        const angle = involved.length === 2 ? Math.PI * (i + 1) : (2 * Math.PI * i) / involved.length - Math.PI / 2;
        return [width / 2 + radius * Math.cos(angle), height / 2 + radius * Math.sin(angle)];
      };
      const bad = colours.states[1] ?? colours.text;
      return {
        grid: { left: 0, right: 0, top: 0, bottom: 0 },
        xAxis: { show: false, type: "value", min: 0, max: width },
        yAxis: { show: false, type: "value", min: 0, max: height, inverse: true },
        tooltip: { ...tooltip(colours), formatter: (item: { name: string }) => escape(item.name) },
        series: [
          {
            type: "graph",
            layout: "none",
            coordinateSystem: "cartesian2d",
            symbol: "circle",
            symbolSize: 58,
            edgeSymbol: ["none", "arrow"],
            edgeSymbolSize: 13,
            label: { show: true, color: colours.text, fontSize: 12, lineHeight: 15 },
            data: involved.map((id, i) => {
              const cpu = hang.cpus.find((each) => each.cpu === id);
              return {
                name: `CPU ${id}`,
                value: at(i),
                label: { formatter: `CPU ${id}\n${cpu?.masked ? "masked" : "open"}` },
                itemStyle: {
                  color: colours.ground,
                  borderColor: inCycle.has(id) ? bad : colours.faint,
                  borderWidth: inCycle.has(id) ? 4 : 2,
                  borderType: cpu?.masked ? "solid" : "dashed",
                },
              };
            }),
            links: edges.map(({ wait, target }) => ({
              source: `CPU ${wait.cpu}`,
              target: `CPU ${target}`,
              lineStyle: {
                color: closes(wait.cpu, target) ? bad : colours.faint,
                width: closes(wait.cpu, target) ? 3 : 1.5,
                curveness: 0.25,
                opacity: 1,
              },
              label: {
                show: edges.length <= 12,
                formatter: `${wait.site}${wait.lock ? ` ${wait.lock}` : ""}, ${nanos(wait.waited)}`,
                color: colours.text,
                backgroundColor: colours.ground,
                padding: [1, 3],
                fontSize: 12,
              },
            })),
          },
        ],
      };
    },
  });
}
