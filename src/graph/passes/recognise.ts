/**
 * Operations that models write out become one, where nobody reads what lies between:
 *
 *     x · min(max(x + 3, 0), 6) / 6   →   hard-swish(x)        x · sigmoid(x)   →   swish(x)
 *
 * The records of operations tell how they are written out. What is read several times, or is an output, stays.
 */
import { countReaders, type Graph, type Node, withoutUnused } from '../graph.ts';
import { inferTypes, type Types } from '../infer.ts';
import type { NodePattern, Pattern } from '../ops/pattern.ts';
import { isOf, OPS, operationOf } from '../ops/table.ts';
import type { Name, Parameter } from '../values.ts';

/** What is known as nodes are walked through. */
interface Known {
  readonly parameters: ReadonlyMap<Name, Parameter>;
  readonly types: Types;
  /** The node that makes a value which is read once. */
  makerOf(name: Name): Node | undefined;
}

/** A way to write an operation out. */
interface Way {
  readonly op: Node['op'];
  readonly pattern: NodePattern;
  readonly attributes: object;
}

const WAYS: readonly Way[] = OPS.flatMap((op) =>
  (operationOf({ op }).writtenOut ?? []).map((way): Way => ({ ...way, op })),
);

export function recognise(graph: Graph): Graph {
  if (!graph.nodes.some((node) => WAYS.some(({ pattern }) => isOf(node, pattern.op)))) return graph;
  const readers = countReaders(graph);
  const makers = new Map<Name, Node>();
  const known: Known = {
    parameters: graph.parameters,
    types: inferTypes(graph),
    makerOf: (name) => (readers.get(name) === 1 ? makers.get(name) : undefined),
  };
  const nodes = graph.nodes.map((node): Node => {
    const made = wholeOf(node, known) ?? node;
    for (const name of node.outputs) makers.set(name, made);
    return made;
  });
  return nodes.every((node, i) => node === graph.nodes[i]) ? graph : withoutUnused({ ...graph, nodes });
}

/** The node that stands for one and those before it. */
function wholeOf(node: Node, known: Known): Node | null {
  for (const { op, pattern, attributes } of WAYS) {
    const x = matchedNode(pattern, node, known, null);
    // A number with more axes than x gives its result more axes.
    const isShaped = x !== null && rankOf(x, known) === rankOf(node.outputs[0], known);
    // The attributes are those of the operation that tells them.
    if (isShaped) return { ...node, op, inputs: [x], attributes } as Node;
  }
  return null;
}

function rankOf(name: Name, { types }: Known): number | undefined {
  return types.get(name)?.shape.length;
}

/** What x is where a node is as the pattern says, x being bound to a name or nothing yet; null where it is not. */
function matchedNode(pattern: NodePattern, node: Node, known: Known, x: Name | null): Name | null {
  const attributes: Readonly<Record<string, unknown>> = { ...node.attributes };
  const has = ([name, value]: readonly [string, number]) =>
    Math.fround(Number(attributes[name])) === Math.fround(value);
  if (!isOf(node, pattern.op) || node.inputs.length !== pattern.inputs.length) return null;
  if (!Object.entries(pattern.attributes ?? {}).every(has)) return null;
  const orders = operationOf(node).isCommutative ? [node.inputs, [...node.inputs].reverse()] : [node.inputs];
  for (const inputs of orders) {
    const bound = pattern.inputs.reduce<Matched>(
      (found, input, i) => (found.isMatch ? matched(input, inputs[i], known, found.x) : found),
      { isMatch: true, x },
    );
    if (bound.isMatch && bound.x !== null) return bound.x;
  }
  return null;
}

interface Matched {
  readonly isMatch: boolean;
  readonly x: Name | null;
}

const NO_MATCH: Matched = { isMatch: false, x: null };

function matched(pattern: Pattern, name: Name | null, known: Known, x: Name | null): Matched {
  if (name === null) return NO_MATCH;
  if (pattern === 'x') return { isMatch: x === null || x === name, x: x ?? name };
  if (typeof pattern === 'number') return isNumber(name, pattern, known) ? { isMatch: true, x } : NO_MATCH;
  const maker = known.makerOf(name);
  const found = maker === undefined ? null : matchedNode(pattern, maker, known, x);
  return found === null ? NO_MATCH : { isMatch: true, x: found };
}

/** Whether a value is one known number. */
function isNumber(name: Name, number: number, { parameters }: Known): boolean {
  const parameter = parameters.get(name);
  if (parameter?.type.dtype !== 'float32' || parameter.data.length !== 1) return false;
  return parameter.data[0] === Math.fround(number);
}
