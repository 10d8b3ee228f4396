// The circumstances, and what of them differs from the baseline's.
import type { Report, Sweep } from "../data";
import { badge, el, nothing, section } from "../dom";
import { nanos, shortName } from "../format";
import { table } from "../table";

interface Row {
  board: string;
  field: string;
  then: string;
  now: string;
}

function valuesOf(sweep: Sweep): Map<string, Row> {
  const rows = new Map<string, Row>();
  for (const { board, fields } of sweep.environments) {
    for (const [field, values] of Object.entries(fields))
      rows.set(`${board}|${field}`, { board, field, then: "", now: values.join(" | ") });
  }
  return rows;
}

function differences(now: Sweep, before: Sweep): Row[] {
  const here = valuesOf(now);
  const there = valuesOf(before);
  const boards = new Set(before.environments.map((each) => each.board));
  return [...here.values()]
    .filter((row) => boards.has(row.board))
    .map((row) => ({ ...row, then: there.get(`${row.board}|${row.field}`)?.now ?? "" }))
    .filter((row) => row.then !== row.now);
}

// A field that is the same on all boards is one row.
function merged(rows: Row[]): Row[] {
  const same = new Map<string, Row & { boards: string[] }>();
  for (const row of rows) {
    const key = `${row.field}|${row.then}|${row.now}`;
    const found = same.get(key);
    if (found) found.boards.push(row.board);
    else same.set(key, { ...row, boards: [row.board] });
  }
  return [...same.values()].map((row) => ({
    ...row,
    board:
      row.boards.length > 4
        ? `${row.boards.slice(0, 3).join(", ")} and ${row.boards.length - 3} more`
        : row.boards.join(", "),
  }));
}

export function environment(report: Report): HTMLElement {
  const { sweep, baseline } = report;
  const question = "On what was it measured, and what of that is not as it was for the baseline?";
  if (sweep.environments.length === 0)
    return section("environment", "Environment", question, nothing("No result came with its circumstances."));
  const parts: HTMLElement[] = [];
  if (baseline) {
    const differ = merged(differences(sweep, baseline));
    parts.push(
      differ.length === 0
        ? el("p", {}, badge("good", "no difference"), ` on the boards that ran in ${shortName(baseline.name)}, too.`)
        : table({
            caption: `What differs from ${shortName(baseline.name)}`,
            rows: differ,
            columns: [
              { title: "What", value: (row) => row.field },
              { title: "Then", value: (row) => row.then || "not known" },
              { title: "Now", value: (row) => row.now || "not known" },
              { title: "Boards", value: (row) => row.board },
            ],
          }),
    );
  }
  parts.push(
    table({
      caption: "Circumstances of this sweep",
      rows: merged([...valuesOf(sweep).values()]),
      filter: true,
      pageSize: 30,
      columns: [
        { title: "What", value: (row) => row.field },
        { title: "Value", value: (row) => row.now },
        { title: "Boards", value: (row) => row.board },
      ],
    }),
  );
  const overhead = sweep.overhead;
  if (overhead.clock_read > 0) {
    parts.push(
      el(
        "p",
        { class: "note" },
        `Measuring itself cost at most ${nanos(overhead.empty_call)} a call, which is subtracted; a clock read took ${nanos(overhead.clock_read)}, the clocks of the CPUs differ by at most ${nanos(overhead.clock_skew)} (clock: ${overhead.clocks.join(", ")}).`,
      ),
    );
  }
  return section("environment", "Environment", question, ...parts);
}
