// Puts the page together from the data that stands in it.
import { readData, type Lab, type Report } from "./data";
import { choice, el } from "./dom";
import { shortName } from "./format";
import { lab } from "./lab";
import { comparison } from "./sections/compare";
import { download } from "./sections/download";
import { environment } from "./sections/environment";
import { explorer } from "./sections/explorer";
import { hangs } from "./sections/hangs";
import { heatmap } from "./sections/heatmap";
import { interrupts } from "./sections/interrupts";
import { invalid } from "./sections/invalid";
import { latency } from "./sections/latency";
import { masks } from "./sections/masks";
import { results } from "./sections/results";
import { stages } from "./sections/stages";
import { summary } from "./sections/summary";
import { choose } from "./theme";

const PROGRAM = "crosscall";

function header(title: string, lines: string[], sections: HTMLElement[], home: boolean): void {
  const links = sections.map((each) =>
    el("li", {}, el("a", { href: `#${each.id}` }, each.querySelector("h2")?.textContent ?? each.id)),
  );
  document.title = title === PROGRAM ? title : `${title} - ${PROGRAM}`;
  document
    .getElementById("head")
    ?.append(
      el(
        "div",
        { class: "title" },
        el("h1", {}, title),
        choice("Theme", ["as the system", "light", "dark"], "as the system", choose),
      ),
      ...lines.filter(Boolean).map((line) => el("p", { class: "about" }, line)),
      el(
        "nav",
        { "aria-label": "Sections" },
        el("ul", {}, ...(home ? [el("li", {}, el("a", { href: "/" }, "All sweeps"))] : []), ...links),
      ),
    );
}

function showReport(report: Report): void {
  const { sweep, baseline } = report;
  // One after the other, so that a reader sees the first while the last are made.
  const parts = [
    summary(report),
    results(sweep),
    hangs(sweep),
    explorer(sweep),
    latency(sweep, report.quantiles),
    stages(sweep),
    heatmap(sweep),
    masks(sweep),
    comparison(report),
    environment(report),
    interrupts(sweep),
    invalid(sweep),
    download(report),
  ];
  const served = location.protocol.startsWith("http");
  header(
    `Sweep ${shortName(sweep.name)}`,
    [
      [
        `State: ${sweep.state}${sweep.reason ? ` (${sweep.reason})` : ""}`,
        sweep.started ? `began ${sweep.started}` : `created ${sweep.created}`,
        sweep.ended ? `ended ${sweep.ended}` : "",
        sweep.schedule ? `schedule ${shortName(sweep.schedule)}` : "",
        sweep.owner ? `owner ${sweep.owner}` : "",
        baseline ? `baseline ${shortName(baseline.name)}` : "",
      ]
        .filter(Boolean)
        .join(" · "),
      `Made ${report.made} by crosscall ${report.version}`,
    ],
    parts,
    served,
  );
  document.getElementById("main")?.append(...parts);
}

function showLab(data: Lab): void {
  const parts = lab(data);
  header(PROGRAM, [`As of ${data.made} · controller ${data.version}`], parts, false);
  document.getElementById("main")?.append(...parts);
}

function prepareForPrint(): void {
  const opened: HTMLDetailsElement[] = [];
  addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll<HTMLDetailsElement>("details.finding:not([open])")) {
      details.open = true;
      opened.push(details);
    }
  });
  addEventListener("afterprint", () => {
    for (const details of opened.splice(0)) details.open = false;
  });
}

const data = readData(document.getElementById("data")?.textContent ?? "");
prepareForPrint();
if (data.kind === "lab") showLab(data);
else showReport(data);
document.documentElement.dataset["ready"] = "yes";
performance.mark("crosscall-ready");
