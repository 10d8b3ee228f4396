// Numbers as people read them: three significant digits, a unit that keeps them below 1000.

export function nanos(value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  const units: [number, string][] = [
    [1e9, "s"],
    [1e6, "ms"],
    [1e3, "µs"],
  ];
  for (const [size, unit] of units) {
    if (value >= size * 0.9995) return `${digits(value / size)} ${unit}`;
  }
  return `${Math.round(value)} ns`;
}

function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

// Made once: making one is slow.
const COUNTS = new Intl.NumberFormat("en-US");

export function count(value: number): string {
  return COUNTS.format(value);
}

export function percent(share: number): string {
  if (share === 1) return "100 %";
  // Never rounded up to all of it.
  return `${(Math.floor(share * 1000) / 10).toFixed(1)} %`;
}

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

export function ratio(value: number): string {
  return `× ${value.toFixed(2)}`;
}

// "0.999" as "p99.9".
export function quantileName(q: number): string {
  return `p${Number((q * 100).toFixed(6))}`;
}

export function shortName(resource: string): string {
  return resource.replace(/^(sweeps|boards|schedules)\//, "").replace(/\/(trials|attempts)\//g, "/");
}
