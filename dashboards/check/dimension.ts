// What an expression's values are: seconds, bytes, numbers, or numbers a second, from the names of metrics and what is done to them.

import type {SyntaxNode} from '@lezer/common';

import {children, Expression, textOf} from './promql.js';

// `scalar` is a number written out, which takes the dimension of what it is added to; `unknown` is anything.
export type Dimension =
  'seconds' | 'bytes' | 'number' | 'number a second' | 'bytes a second' | 'scalar' | 'unknown' | 'buckets of seconds' | 'buckets';

export class MixedDimensions extends Error {}

const UNITS: Readonly<Record<string, readonly string[]>> = {
  'seconds': ['s', 'dtdurations'],
  'buckets of seconds': ['s'],
  'bytes': ['bytes', 'decbytes'],
  'bytes a second': ['binBps', 'Bps'],
  'number': ['short', 'none', 'percentunit'],
  'scalar': ['short', 'none', 'percentunit'],
  'number a second': ['cps', 'ops', 'reqps'],
};

export function fits(dimension: Dimension, unit: string): boolean {
  return UNITS[dimension]?.includes(unit) ?? true;
}

function ofMetric(name: string): Dimension {
  // A recorded series is named LEVEL:METRIC:OPERATION.
  const parts = name.split(':');
  if (parts.at(-1) === 'ratio') return 'number';
  const metric = parts.length === 3 ? parts[1]! : name;
  if (/_seconds_bucket$/.test(metric)) return 'buckets of seconds';
  if (/_bucket$/.test(metric)) return 'buckets';
  if (/_seconds(_sum|_total)?$/.test(metric)) return 'seconds';
  if (/_bytes(_sum|_total)?$/.test(metric)) return 'bytes';
  return 'number';
}

function perSecond(dimension: Dimension): Dimension {
  switch (dimension) {
    case 'seconds': return 'number';
    case 'number': return 'number a second';
    case 'bytes': return 'bytes a second';
    case 'buckets of seconds':
    case 'buckets': return dimension;
    default: return 'unknown';
  }
}

// Functions whose values are of the dimension of what they are given.
const KEEPS = [
  'increase', 'sort', 'sort_desc', 'abs', 'max_over_time', 'min_over_time', 'avg_over_time', 'last_over_time', 'predict_linear', 'delta',
];
const COUNTS = ['Count', 'Group', 'CountValues'];

function isExpression(node: SyntaxNode): boolean {
  return /(Expr|Selector|Call|Literal)$/.test(node.name);
}

function ofCall(node: SyntaxNode, text: string): Dimension {
  const name = textOf(node.getChild('FunctionIdentifier')!, text);
  const given = children(node.getChild('FunctionCallBody')!).filter(isExpression);
  if (name === 'time') return 'seconds';
  if (name === 'vector') return 'scalar';
  if (name === 'absent') return 'number';
  if (name === 'rate' || name === 'irate') return perSecond(of(given[0]!, text));
  if (name === 'histogram_quantile') return of(given[1]!, text) === 'buckets of seconds' ? 'seconds' : 'unknown';
  return KEEPS.includes(name) ? of(given[0]!, text) : 'unknown';
}

function ofAggregate(node: SyntaxNode, text: string): Dimension {
  if (COUNTS.includes(node.getChild('AggregateOp')!.firstChild!.name)) return 'number';
  return of(children(node.getChild('FunctionCallBody')!).filter(isExpression).at(-1)!, text);
}

function ofBinary(node: SyntaxNode, text: string): Dimension {
  const [left, right] = children(node).filter(isExpression).map((side) => of(side, text)) as [Dimension, Dimension];
  const plain = (dimension: Dimension) => dimension === 'number' || dimension === 'scalar';
  if (node.getChild('BoolModifier')) return 'number';
  if (node.getChild('Mul')) return plain(left) ? right : plain(right) ? left : 'unknown';
  if (node.getChild('Div')) return left === right ? 'number' : plain(right) ? left : 'unknown';
  if (node.getChild('Add') || node.getChild('Sub')) {
    if (left !== right && ![left, right].some((side) => side === 'scalar' || side === 'unknown')) {
      throw new MixedDimensions(`"${textOf(node, text)}" adds or subtracts ${left} and ${right}`);
    }
    return left === 'scalar' ? right : left;
  }
  // Comparisons and set operators pass the left side on.
  return left === 'scalar' ? right : left;
}

function of(node: SyntaxNode, text: string): Dimension {
  switch (node.name) {
    case 'VectorSelector': return ofMetric(textOf(node.getChild('Identifier')!, text));
    case 'NumberDurationLiteral': return 'scalar';
    case 'FunctionCall': return ofCall(node, text);
    case 'AggregateExpr': return ofAggregate(node, text);
    case 'BinaryExpr': return ofBinary(node, text);
    case 'PromQL':
    case 'ParenExpr':
    case 'UnaryExpr':
    case 'OffsetExpr':
    case 'SubqueryExpr':
    case 'MatrixSelector': return of(children(node).find(isExpression)!, text);
    default: return 'unknown';
  }
}

// Throws MixedDimensions where unlike things are added or subtracted.
export function dimensionOf(expression: Expression): Dimension {
  return of(expression.tree, expression.text);
}
