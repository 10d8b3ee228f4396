// A table that is sorted by its headings, filtered by a word, and shown a page at a time.
import { breakable, el, freshId } from "./dom";
import { count } from "./format";

export interface Column<Row> {
  title: string;
  // What it is sorted by; numbers stand right.
  value: (row: Row) => string | number | null;
  show?: (row: Row) => Node | string;
  numeric?: boolean;
  // Left out if no row has anything there.
  optional?: boolean;
  // Text that is not broken, or that needs room.
  width?: "whole" | "wide";
}

export interface TableOptions<Row> {
  caption: string;
  columns: Column<Row>[];
  rows: Row[];
  filter?: boolean;
  pageSize?: number;
  sortBy?: { column: string; descending: boolean };
}

// Made once: making one is slow.
const WORDS = new Intl.Collator("en", { numeric: true });

function compare(a: string | number | null, b: string | number | null): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return WORDS.compare(String(a), String(b));
}

export function table<Row>(options: TableOptions<Row>): HTMLElement {
  const columns = options.columns.filter(
    (column) => !column.optional || options.rows.some((row) => ![null, "", 0].includes(column.value(row))),
  );
  const pageSize = options.pageSize ?? 25;
  let shown = pageSize;
  let word = "";
  let order = options.sortBy ?? null;

  const body = el("tbody");
  const status = el("span", { class: "status", role: "status" });
  const more = el("button", {
    type: "button",
    click: () => {
      shown += 10 * pageSize;
      fill();
    },
  });
  const headings = columns.map((column) => {
    const button = el(
      "button",
      { type: "button", click: () => sort(column.title) },
      column.title,
      el("span", { class: "arrow", "aria-hidden": "true" }),
    );
    return el("th", { scope: "col", class: column.numeric ? "number" : "text" }, button);
  });

  const text = new Map<Row, string>();
  function matches(row: Row): boolean {
    if (!word) return true;
    let found = text.get(row);
    if (found === undefined) {
      found = columns
        .map((column) => String(column.value(row) ?? ""))
        .join("\n")
        .toLowerCase();
      text.set(row, found);
    }
    return found.includes(word);
  }

  function sort(title: string): void {
    const column = columns.find((each) => each.title === title);
    // Numbers are looked at from the largest, words from the first.
    const descending = order?.column === title ? !order.descending : column?.numeric === true;
    order = { column: title, descending };
    fill();
  }

  function ordered(rows: Row[]): Row[] {
    const column = columns.find((each) => each.title === order?.column);
    if (!column || !order) return rows;
    const sign = order.descending ? -1 : 1;
    return [...rows].sort((a, b) => {
      const left = column.value(a);
      const right = column.value(b);
      // What has no value stands last, either way.
      if (left === null || right === null) return Number(left === null) - Number(right === null);
      return sign * compare(left, right);
    });
  }

  function fill(): void {
    const found = ordered(options.rows.filter(matches));
    body.replaceChildren(
      ...found
        .slice(0, shown)
        .map((row) =>
          el(
            "tr",
            {},
            ...columns.map((column) =>
              el(
                "td",
                { class: column.numeric ? "number" : `text ${column.width ?? ""}` },
                column.show ? column.show(row) : breakable(String(column.value(row) ?? "–")),
              ),
            ),
          ),
        ),
    );
    headings.forEach((heading, i) => {
      const sorted = order?.column === columns[i]?.title;
      if (sorted && order) heading.setAttribute("aria-sort", order.descending ? "descending" : "ascending");
      else heading.removeAttribute("aria-sort");
    });
    const left = found.length - Math.min(shown, found.length);
    more.textContent = `Show ${count(Math.min(left, 10 * pageSize))} more`;
    more.hidden = left === 0;
    status.textContent =
      left > 0 || word ? `${count(Math.min(shown, found.length))} of ${count(found.length)} rows` : "";
  }
  fill();

  const tools = [];
  if (options.filter && options.rows.length > 5) {
    const id = freshId("filter");
    const input = el("input", {
      id,
      type: "search",
      autocomplete: "off",
      input: () => {
        word = input.value.trim().toLowerCase();
        shown = pageSize;
        fill();
      },
    });
    tools.push(el("span", { class: "choice" }, el("label", { for: id }, "Rows with"), input));
  }
  const label = options.caption;
  return el(
    "div",
    { class: "table" },
    el("div", { class: "tools" }, ...tools, status),
    el(
      "div",
      { class: "scroll", role: "region", tabindex: 0, "aria-label": label },
      el("table", {}, el("caption", {}, label), el("thead", {}, el("tr", {}, ...headings)), body),
    ),
    more,
  );
}
