// The data of the page as files.
import { el, section } from "../dom";
import { shortName } from "../format";
import type { Point, Report } from "../data";

function save(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = el("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  // After the browser has taken it.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

// A text that a spreadsheet would take for a formula gets a quote before it.
function cell(value: unknown): string {
  if (value === null || value === undefined) return "";
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function pointsCsv(points: Point[]): string {
  const fields = Object.keys(points[0] ?? {}) as (keyof Point)[];
  const unit = new Set([
    "min",
    "mean",
    "p50",
    "p90",
    "p99",
    "p999",
    "max",
    "p50_low",
    "p50_high",
    "p99_low",
    "p99_high",
  ]);
  return (
    [
      fields.map((field) => (unit.has(field) ? `${field}_nanos` : field)).join(","),
      ...points.map((point) => fields.map((field) => cell(point[field])).join(",")),
    ].join("\r\n") + "\r\n"
  );
}

export function download(report: Report): HTMLElement {
  const name = shortName(report.sweep.name);
  return section(
    "data",
    "Data",
    "Where are the numbers? In this file, and here to save. Spans are nanoseconds.",
    el(
      "div",
      { class: "tools" },
      el(
        "button",
        {
          type: "button",
          id: "save-json",
          click: () => save(`${name}.json`, "application/json", JSON.stringify(report, null, 1)),
        },
        "Save all as JSON",
      ),
      el(
        "button",
        {
          type: "button",
          id: "save-csv",
          click: () => save(`${name}.csv`, "text/csv", pointsCsv(report.sweep.points)),
        },
        "Save the points as CSV",
      ),
    ),
    el("p", { class: "note" }, `Whole histograms and each attempt: crosscallctl results ${name} --full.`),
  );
}
