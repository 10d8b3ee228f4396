// What does not count, and why: attempts without a usable result, and how much of each board is missing.
import type { Sweep } from "../data";
import { badge, el, nothing, section } from "../dom";
import { count, percent, shortName } from "../format";
import { table } from "../table";

function boards(sweep: Sweep): HTMLElement {
  return table({
    caption: "What each board told",
    rows: sweep.boards,
    filter: true,
    pageSize: 20,
    columns: [
      { title: "Board", value: (board) => board.name },
      {
        title: "Now",
        value: (board) => (!board.listed ? "not registered" : board.online ? "online" : "silent"),
        show: (board) =>
          !board.listed
            ? badge("warn", "not registered any more")
            : board.online
              ? badge("good", `online, ${board.state}`)
              : badge("warn", `silent, ${board.state}`),
      },
      {
        title: "Told something",
        numeric: true,
        value: (board) => board.told / Math.max(board.trials, 1),
        show: (board) =>
          `${percent(board.told / Math.max(board.trials, 1))} (${count(board.told)} of ${count(board.trials)})`,
      },
      { title: "Ended without", numeric: true, value: (board) => board.without, show: (board) => count(board.without) },
      { title: "Not ended", numeric: true, value: (board) => board.open, show: (board) => count(board.open) },
      { title: "Why", value: (board) => board.why || board.reason, width: "wide" },
      { title: "Model", value: (board) => board.model, optional: true },
      { title: "Kernel", value: (board) => board.kernel, optional: true },
    ],
  });
}

export function invalid(sweep: Sweep): HTMLElement {
  const question = "What does not count, and why? None of these attempts is in any number above.";
  const counts = Object.entries(sweep.trouble_counts);
  return section(
    "invalid",
    "What does not count",
    question,
    counts.length === 0
      ? nothing("Every attempt counts: none was invalid, lost, crashed or refused.")
      : el("p", {}, `Attempts: ${counts.map(([word, n]) => `${count(n)} ${word}`).join(", ")}.`),
    sweep.troubles.length === 0
      ? null
      : table({
          caption: "Attempts that do not count",
          rows: sweep.troubles,
          filter: true,
          pageSize: 15,
          columns: [
            {
              title: "Outcome",
              value: (each) => each.outcome,
              show: (each) => badge(each.outcome === "refused" ? "none" : "warn", each.outcome),
            },
            { title: "Reason", value: (each) => each.reason, width: "wide" },
            { title: "Scenario", value: (each) => each.scenario },
            { title: "Implementation", value: (each) => each.implementation },
            { title: "Board", value: (each) => each.board },
            { title: "Then", value: (each) => (each.decides ? "decided the trial" : "was repeated") },
            { title: "Attempt", value: (each) => shortName(each.attempt) },
          ],
        }),
    boards(sweep),
  );
}
