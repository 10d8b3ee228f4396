// What an expression asks for, read from its syntax tree: selectors with their ranges and the functions around them, and labels.

import {parser} from '@prometheus-io/lezer-promql';
import type {SyntaxNode} from '@lezer/common';

export interface Matcher {
  readonly label: string;
  readonly op: string;
  readonly value: string;
}

export interface Selector {
  // As written, without a range.
  readonly text: string;
  readonly metric: string;
  readonly matchers: readonly Matcher[];
  // As written, "5m" or "5m:1m"; absent of an instant selector.
  readonly range: string | undefined;
  // The function whose argument the selector is, if it is one.
  readonly callee: string | undefined;
}

export interface Expression {
  readonly text: string;
  readonly tree: SyntaxNode;
  readonly selectors: readonly Selector[];
  // Of by, without, on, ignoring, group_left and group_right.
  readonly groupings: readonly string[];
}

export class SyntaxProblem extends Error {}

export function textOf(node: SyntaxNode, text: string): string {
  return text.slice(node.from, node.to);
}

export function children(node: SyntaxNode): SyntaxNode[] {
  const found: SyntaxNode[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling) found.push(child);
  return found;
}

function all(node: SyntaxNode, name: string): SyntaxNode[] {
  const found: SyntaxNode[] = [];
  node.cursor().iterate((each) => {
    if (each.name === name) found.push(each.node);
  });
  return found;
}

function selectorOf(node: SyntaxNode, text: string): Selector {
  const name = node.getChild('Identifier');
  const matchers = all(node, 'UnquotedLabelMatcher').map((matcher) => ({
    label: textOf(matcher.getChild('LabelName')!, text),
    op: textOf(matcher.getChild('MatchOp')!, text),
    value: textOf(matcher.getChild('StringLiteral')!, text).slice(1, -1),
  }));
  let around = node.parent;
  let range: string | undefined;
  while (around && ['MatrixSelector', 'SubqueryExpr', 'OffsetExpr', 'ParenExpr'].includes(around.name)) {
    const literals = around.getChildren('NumberDurationLiteralInDurationContext');
    if (around.name !== 'OffsetExpr' && literals.length > 0) range = literals.map((literal) => textOf(literal, text)).join(':');
    around = around.parent;
  }
  const call = around?.name === 'FunctionCallBody' && around.parent?.name === 'FunctionCall' ? around.parent : undefined;
  const callee = call?.getChild('FunctionIdentifier');
  return {text: textOf(node, text), metric: name ? textOf(name, text) : '', matchers, range, callee: callee ? textOf(callee, text) : undefined};
}

// Throws SyntaxProblem with the place of the first error.
export function parse(text: string): Expression {
  const tree = parser.parse(text).topNode;
  tree.cursor().iterate((node) => {
    if (node.type.isError) throw new SyntaxProblem(`syntax error at character ${node.from + 1}, "${text.slice(node.from, node.from + 20)}"`);
  });
  return {
    text,
    tree,
    selectors: all(tree, 'VectorSelector').map((node) => selectorOf(node, text)),
    groupings: all(tree, 'GroupingLabels').flatMap((node) => node.getChildren('LabelName').map((label) => textOf(label, text))),
  };
}
