// What stopped: who waits for whom, what was done last, and why nobody moves.
import type { Hang, Sweep } from "../data";
import { badge, el, nothing, section } from "../dom";
import { count, nanos, plural, shortName } from "../format";
import { table } from "../table";
import { timeline } from "./timeline";
import { waitGraph } from "./wait_graph";

function facts(hang: Hang): HTMLElement {
  const rows: [string, string][] = [
    ["Class", hang.class],
    ["Board", hang.boards.slice(0, 8).join(", ") + (hang.boards.length > 8 ? ", …" : "")],
    ["Seen", plural(hang.count, "time")],
    ["First report", shortName(hang.attempt)],
    ["Time", hang.time],
    ["Late", hang.late ? "yes: the call completed after all when looked at again" : ""],
    ["Interrupt sent again", hang.probe],
  ];
  return el(
    "dl",
    { class: "facts" },
    ...rows.filter(([, value]) => value).flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]),
  );
}

function waitWords(hang: Hang): HTMLElement | null {
  if (hang.waits.length === 0) return null;
  return el(
    "ul",
    {},
    ...hang.waits.map((wait) => {
      const cpu = hang.cpus.find((each) => each.cpu === wait.cpu);
      const state = [
        cpu?.masked ? "interrupts masked" : "interrupts open",
        cpu?.pending ? "an IPI pending" : "",
        cpu && cpu.queued > 0 ? `${plural(cpu.queued, "request")} queued` : "",
      ]
        .filter(Boolean)
        .join(", ");
      return el(
        "li",
        {},
        `CPU ${wait.cpu} waits for ${wait.for.map((cpu_) => `CPU ${cpu_}`).join(", ") || "nobody known"}: ${wait.site}${wait.lock ? ` ${wait.lock}` : ""}, for ${nanos(wait.waited)} (${state})`,
      );
    }),
  );
}

function cpuTable(hang: Hang): HTMLElement {
  return table({
    caption: "Each CPU when it was found",
    rows: hang.cpus,
    columns: [
      { title: "CPU", numeric: true, value: (cpu) => cpu.cpu },
      { title: "Board CPU", numeric: true, value: (cpu) => cpu.board_cpu },
      { title: "Interrupts", value: (cpu) => (cpu.masked ? "masked" : "open") },
      { title: "IPI", value: (cpu) => (cpu.pending ? "pending" : "none") },
      { title: "Queued", numeric: true, value: (cpu) => cpu.queued },
      { title: "Thread", value: (cpu) => cpu.state },
      { title: "On its stack", value: (cpu) => cpu.frames.join(" ▸ ") },
      { title: "Holds", value: (cpu) => cpu.locks.join(", "), optional: true },
    ],
  });
}

function one(hang: Hang, open: boolean): HTMLElement {
  const body = el("div", { class: "hang" });
  const fill = (): void => {
    if (body.childElementCount > 0) return;
    const words = waitWords(hang);
    body.append(
      ...[
        el("p", { class: "lead" }, hang.summary),
        facts(hang),
        hang.waits.length > 0 ? el("div", { class: "pair" }, waitGraph(hang), words) : null,
        hang.stamps.length > 0 ? timeline(hang) : null,
        hang.cpus.length > 0 ? el("details", {}, el("summary", {}, "Each CPU"), cpuTable(hang)) : null,
        hang.steps.length > 0
          ? table({
              caption: "How the board was found and brought back",
              rows: hang.steps,
              columns: [
                { title: "Time", value: (step) => step.time, width: "whole" },
                { title: "Step", value: (step) => step.word },
                { title: "Result", value: (step) => step.result },
              ],
            })
          : null,
        hang.reasoning.length > 0
          ? el(
              "details",
              {},
              el("summary", {}, "Steps of the decision"),
              el("ol", {}, ...hang.reasoning.map((text) => el("li", {}, text))),
            )
          : null,
      ].filter((each) => each !== null),
    );
  };
  const details = el(
    "details",
    {
      class: "finding",
      open,
      toggle: () => {
        if (details.open) fill();
      },
    },
    el(
      "summary",
      {},
      badge("bad", hang.class),
      ` ${hang.scenario}, ${hang.implementation}, ${hang.boards.slice(0, 3).join(", ")}${hang.boards.length > 3 ? ", …" : ""}${hang.count > 1 ? ` (${count(hang.count)} times)` : ""}`,
    ),
    body,
  );
  // The printer shows what is closed, too.
  addEventListener("beforeprint", fill);
  if (open) fill();
  return details;
}

export function hangs(sweep: Sweep): HTMLElement {
  const question = "What stopped, who waits for whom, and why does nobody move? Hangs of one kind are shown once.";
  if (sweep.hangs.length === 0)
    return section("hangs", "Hangs", question, nothing("No trial hung, and no board stopped."));
  return section("hangs", "Hangs", question, ...sweep.hangs.map((hang, i) => one(hang, i < 2)));
}
