// Elements from text. Everything that comes from the data is set as text, never as markup.

type Child = Node | string | null;
type Attributes = Record<string, string | number | boolean | ((event: Event) => void)>;

export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (typeof value === "boolean") element.toggleAttribute(name, value);
    else element.setAttribute(name, String(value));
  }
  element.append(...children.filter((child): child is Node | string => child !== null));
  return element;
}

let lastId = 0;
export function freshId(prefix: string): string {
  return `${prefix}-${++lastId}`;
}

export function section(id: string, title: string, question: string, ...children: Child[]): HTMLElement {
  return el(
    "section",
    { id, "aria-labelledby": `${id}-title` },
    el("h2", { id: `${id}-title` }, title),
    el("p", { class: "question" }, question),
    ...children,
  );
}

export function nothing(text: string): HTMLElement {
  return el("p", { class: "nothing" }, text);
}

// With places where a long name may be broken.
export function breakable(text: string): DocumentFragment {
  const whole = document.createDocumentFragment();
  text.split(/(?<=[/,])/).forEach((part, i) => whole.append(...(i > 0 ? [el("wbr")] : []), part));
  return whole;
}

// A labelled choice; `change` is called with the value chosen.
export function choice(label: string, values: string[], chosen: string, change: (value: string) => void): HTMLElement {
  const id = freshId("choice");
  const select = el(
    "select",
    { id, change: () => change(select.value) },
    ...values.map((value) => el("option", { value, selected: value === chosen }, value || "default")),
  );
  return el("span", { class: "choice" }, el("label", { for: id }, label), select);
}

// Words, with a sign of their own for each kind: colour never tells alone.
export type Mark = "good" | "bad" | "warn" | "none";
const SIGNS: Record<Mark, string> = { good: "✓", bad: "✕", warn: "▲", none: "–" };
export function badge(mark: Mark, words: string): HTMLElement {
  return el("span", { class: `badge ${mark}` }, el("span", { "aria-hidden": "true" }, SIGNS[mark], "\u00a0"), words);
}
