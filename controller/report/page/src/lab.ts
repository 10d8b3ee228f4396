// The controller's front page: its boards and its sweeps.
import type { Lab, LabSweep } from "./data";
import { badge, el, nothing, section, type Mark } from "./dom";
import { count, percent, shortName } from "./format";
import { table } from "./table";

function outcome(sweep: LabSweep): string {
  const progress = sweep.progress;
  const parts: [number, string][] = [
    [progress.completed, "completed"],
    [progress.hung, "hung"],
    [progress.wedged, "wedged"],
    [progress.crashed, "crashed"],
    [progress.refused, "refused"],
    [progress.failed, "failed"],
    [progress.cancelled, "cancelled"],
    [progress.pending + progress.running, "to come"],
  ];
  return parts
    .filter(([n]) => n > 0)
    .map(([n, word]) => `${count(n)} ${word}`)
    .join(", ");
}

function markOf(sweep: LabSweep): Mark {
  if (sweep.progress.hung + sweep.progress.wedged + sweep.progress.crashed > 0) return "bad";
  if (sweep.state === "failed") return "warn";
  return sweep.state === "succeeded" ? "good" : "none";
}

export function lab(data: Lab): HTMLElement[] {
  const online = data.boards.filter((board) => board.online).length;
  const active = data.boards.filter((board) => board.online && board.state === "active").length;
  return [
    section(
      "boards",
      "Boards",
      "Is the lab there?",
      data.boards.length === 0
        ? nothing("No board has registered yet. deploy/README.md has the way to a first one.")
        : el(
            "p",
            {},
            badge(
              online === data.boards.length ? "good" : "warn",
              `${count(online)} of ${count(data.boards.length)} online`,
            ),
            ` ${count(active)} of them take work.`,
          ),
      data.boards.length === 0
        ? null
        : table({
            caption: "Boards of this controller",
            rows: data.boards,
            filter: true,
            columns: [
              { title: "Board", value: (board) => board.name },
              {
                title: "Contact",
                value: (board) => (board.online ? "online" : "silent"),
                show: (board) => badge(board.online ? "good" : "bad", board.online ? "online" : "silent"),
              },
              {
                title: "State",
                value: (board) => board.state,
                show: (board) => badge(board.state === "active" ? "good" : "warn", board.state),
              },
              { title: "Why", value: (board) => board.reason },
              { title: "Runs", value: (board) => board.running, optional: true },
              { title: "Model", value: (board) => board.model, optional: true },
              { title: "CPUs", numeric: true, value: (board) => board.cpus },
              { title: "Kernel", value: (board) => board.kernel, optional: true },
              { title: "Labels", value: (board) => board.labels.join(" "), optional: true },
              { title: "Last heard", value: (board) => board.last_seen, width: "whole" },
            ],
          }),
    ),
    section(
      "sweeps",
      "Sweeps",
      "What was measured, and what came of it? Newest first; each has its report behind its name.",
      data.sweeps.length === 0
        ? nothing("No sweep was asked for yet: crosscallctl sweep run --help.")
        : table({
            caption: "Sweeps, newest first",
            rows: data.sweeps,
            filter: true,
            columns: [
              {
                title: "Sweep",
                value: (sweep) => shortName(sweep.name),
                show: (sweep) => el("a", { href: `/sweeps/${shortName(sweep.name)}` }, shortName(sweep.name)),
              },
              { title: "State", value: (sweep) => sweep.state },
              { title: "Trials", value: outcome, show: (sweep) => badge(markOf(sweep), outcome(sweep)), width: "wide" },
              {
                title: "Told something",
                numeric: true,
                value: (sweep) => sweep.coverage,
                show: (sweep) => percent(sweep.coverage),
              },
              { title: "Schedule", value: (sweep) => shortName(sweep.schedule), optional: true },
              { title: "Owner", value: (sweep) => sweep.owner, optional: true },
              { title: "Created", value: (sweep) => sweep.created, width: "whole" },
              { title: "Ended", value: (sweep) => sweep.ended, width: "whole" },
              {
                title: "Compare",
                value: () => "",
                show: (sweep) => {
                  const before = data.sweeps
                    .slice(data.sweeps.indexOf(sweep) + 1)
                    .find((each) => each.schedule !== "" && each.schedule === sweep.schedule);
                  return before
                    ? el(
                        "a",
                        { href: `/sweeps/${shortName(sweep.name)}?baseline=${shortName(before.name)}` },
                        `with ${shortName(before.name)}`,
                      )
                    : "–";
                },
              },
            ],
          }),
      data.more_sweeps
        ? el(
            "p",
            { class: "note" },
            `These are the newest ${count(data.sweeps.length)}; crosscallctl sweep list --limit shows more.`,
          )
        : null,
    ),
  ];
}
