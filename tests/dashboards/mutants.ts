// Small changes of a rule, each of which its unit tests must notice.

import {parse} from '../../dashboards/check/promql.js';

export interface Rule {
  alert?: string;
  record?: string;
  expr: string;
  for?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}

export interface Mutant {
  readonly rule: Rule;
  // What was changed, for people.
  readonly says: string;
}

// A tenth up and down; small whole numbers by one. Zero only goes up, since a count is never below it, by the least that matters: one,
// or a gigabyte of a disk.
function otherNumbers(text: string, expr: string): string[] {
  const value = Number(text);
  if (value === 0) return [expr.includes('_bytes') ? '1e9' : '1'];
  if (Number.isInteger(value) && value < 20) return [String(value - 1), String(value + 1)];
  return [String(value * 0.9), String(value * 1.1)];
}

function seconds(duration: string): number {
  const units: Record<string, number> = {s: 1, m: 60, h: 3600, d: 86400};
  return [...duration.matchAll(/(\d+)([smhd])/g)].reduce((sum, part) => sum + Number(part[1]) * units[part[2]!]!, 0);
}

// A fifth up and down, so that a sample a minute still tells the difference.
function otherDurations(text: string): string[] {
  return [0.8, 1.2].map((factor) => `${Math.round(seconds(text) * factor)}s`);
}

const OPPOSITE: Readonly<Record<string, string>> = {
  '<': '>=', '<=': '>', '>': '<=', '>=': '<', '==': '!=', '=': '!=', '=~': '!~', '!~': '=~',
};

function others(node: string, text: string, expr: string): string[] {
  switch (node) {
    case 'NumberDurationLiteral': return otherNumbers(text, expr);
    case 'NumberDurationLiteralInDurationContext': return otherDurations(text);
    case 'Lss': case 'Lte': case 'Gtr': case 'Gte': case 'Eql': return [OPPOSITE[text]!];
    case 'EqlSingle': case 'EqlRegex': case 'NeqRegex': return [OPPOSITE[text]!];
    // The tree calls a matcher's "!=" what it calls a comparison's; the rules have only the former.
    case 'Neq': return ['='];
    default: return [];
  }
}

export function mutants(rule: Rule): Mutant[] {
  const found: Mutant[] = [];
  parse(rule.expr).tree.cursor().iterate(({name, from, to}) => {
    const text = rule.expr.slice(from, to);
    for (const other of others(name, text, rule.expr)) {
      const expr = rule.expr.slice(0, from) + other + rule.expr.slice(to);
      found.push({rule: {...rule, expr}, says: `"${text}" at character ${from + 1} became "${other}"`});
    }
  });
  for (const other of rule.for === undefined ? [] : otherDurations(rule.for)) {
    found.push({rule: {...rule, for: other}, says: `for ${rule.for} became ${other}`});
  }
  return found;
}
