// Light, dark or as the system says; and the colours that charts take from it.

export interface Palette {
  text: string;
  faint: string;
  line: string;
  ground: string;
  // Okabe and Ito's, without those that the ground swallows.
  states: string[];
  // Viridis, from low to high.
  heat: string[];
}

const HEAT = ["#440154", "#46327e", "#365c8d", "#277f8e", "#1fa187", "#4ac16d", "#a0da39", "#fde725"];
const LIGHT: Palette = {
  text: "#1c2127",
  faint: "#59636e",
  line: "#d5dae0",
  ground: "#ffffff",
  heat: HEAT,
  states: ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#6b6b6b", "#9a6700"],
};
const DARK: Palette = {
  text: "#e6e9ed",
  faint: "#a3acb7",
  line: "#3a424c",
  ground: "#171b20",
  heat: HEAT,
  states: ["#56b4e9", "#e69f00", "#2bc79a", "#cc79a7", "#f0e442", "#d55e00", "#c4c9cf", "#4a9ae0"],
};

const dark = matchMedia("(prefers-color-scheme: dark)");
const print = matchMedia("print");
const listeners: (() => void)[] = [];
let chosen: "auto" | "light" | "dark" = "auto";

export function isPrinting(): boolean {
  return print.matches;
}

export function palette(): Palette {
  if (isPrinting() || chosen === "light") return LIGHT;
  return chosen === "dark" || dark.matches ? DARK : LIGHT;
}

export function onPaletteChange(listener: () => void): void {
  listeners.push(listener);
}

function apply(): void {
  if (chosen === "auto") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = chosen;
  for (const listener of listeners) listener();
}

export function choose(theme: string): void {
  chosen = theme === "light" || theme === "dark" ? theme : "auto";
  apply();
}

dark.addEventListener("change", apply);
print.addEventListener("change", apply);
