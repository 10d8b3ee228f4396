// Did the interrupts really happen? A call that needs none looks fast, so they are counted.
import type { Point, Sweep } from "../data";
import { badge, el, nothing, section } from "../dom";
import { count, percent } from "../format";
import { table } from "../table";

function share(point: Point): number | null {
  return point.ipis_expected ? (point.ipis_seen ?? 0) / point.ipis_expected : null;
}

export function interrupts(sweep: Sweep): HTMLElement {
  const question =
    "Did the interrupts that should have happened really happen? Where they did not, a latency means nothing.";
  const counted = sweep.points.filter((point) => point.ipis_expected !== null);
  if (counted.length === 0)
    return section(
      "interrupts",
      "Interrupts",
      question,
      nothing("No trial came to an end with its interrupts counted."),
    );
  const short = counted.filter((point) => (point.ipis_seen ?? 0) < (point.ipis_expected ?? 0));
  const number = (title: string, of: (point: Point) => number) => ({
    title,
    numeric: true,
    value: of,
    show: (point: Point) => count(of(point)),
  });
  const routes = Object.entries(sweep.routes);
  const all = routes.reduce((sum, [, n]) => sum + n, 0);
  return section(
    "interrupts",
    "Interrupts",
    question,
    el(
      "p",
      {},
      short.length === 0 ? badge("good", "all seen") : badge("warn", `missing in ${count(short.length)} points`),
      ` Counted in ${count(counted.length)} points.`,
    ),
    ...(all > 0
      ? [
          el(
            "p",
            {},
            `Ways by which calls reached their targets: ${routes
              .sort((a, b) => b[1] - a[1])
              .map(([name, n]) => `${name.replace("_", " ")} ${percent(n / all)}`)
              .join(", ")}.`,
          ),
        ]
      : []),
    table({
      caption: "Interrupts of each point",
      rows: counted,
      filter: true,
      pageSize: 15,
      sortBy: { column: "Seen", descending: false },
      columns: [
        { title: "Scenario", value: (point) => point.scenario },
        { title: "Implementation", value: (point) => point.implementation },
        { title: "Board", value: (point) => point.board },
        { title: "CPUs", value: (point) => point.cpus, optional: true },
        { title: "Parameters", value: (point) => point.parameters, optional: true },
        {
          title: "Seen",
          numeric: true,
          value: share,
          show: (point) => {
            const seen = share(point);
            return seen === null ? "none needed" : badge(seen >= 1 ? "good" : "warn", percent(Math.min(seen, 1)));
          },
        },
        number("Interrupts", (point) => point.ipis_seen ?? 0),
        number("Expected", (point) => point.ipis_expected ?? 0),
        number("Kicks", (point) => point.kicks_sent),
        number("Kicks left out", (point) => point.kicks_skipped),
        number("Merged", (point) => point.merged),
        number("Spurious", (point) => point.spurious),
      ],
    }),
  );
}
